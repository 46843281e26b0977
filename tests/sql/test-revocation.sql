-- Revocation: who may end what, what it bars, what is due, and what stands in a list.
SET search_path = test;
SELECT no_plan();

CREATE ROLE rhoda LOGIN IN ROLE muster_help_desk;
CREATE ROLE rufus LOGIN IN ROLE muster_organization_admin;
SELECT muster.delegate('rhoda', 'help desk', 'example'), muster.delegate('rufus', 'organization administrator', 'example');
CREATE FUNCTION sha(n integer) RETURNS text LANGUAGE sql AS $$SELECT encode(sha256(der(n)), 'hex')$$;
CREATE FUNCTION serial(n integer) RETURNS text LANGUAGE sql AS $$SELECT lpad(to_hex(n), 8, '0')$$;
SELECT is(try('muster_issuer', record(n, u, format('{"DeviceID": "d%s", "OSVersion": "10.0.26200.1"}', n))), 'OK|-', 'device ' || n)
	FROM (VALUES (11, 'ada@example.test'), (12, 'ada@example.test'), (13, 'bob@example.test'), (14, 'olga@other.test'), (15, 'bob@example.test'), (16, 'bob@example.test')) v (n, u);
SELECT muster.set_crl('Example issuing', delay => '1 day');

-- Reasons and names.
SELECT is(try('boss', s), said, said) FROM (VALUES
	($$SELECT muster.revoke_certificate('00', 'because')$$, 'ERROR: not a reason for a revocation: ''because'' HINT: Reasons (RFC 5280): unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn. What is only for a time: muster.disable_account, muster.block_device, muster.disable_organization.'),
	($$SELECT muster.revoke_certificate('00', NULL)$$, 'ERROR: not a reason for a revocation: NULL HINT: Reasons (RFC 5280): unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn. What is only for a time: muster.disable_account, muster.block_device, muster.disable_organization.'),
	($$SELECT muster.revoke_certificate('no number')$$, 'ERROR: not usable as a certificate: ''no number'' HINT: Give its SHA-256 or its serial number, as hexadecimal digits: openssl x509 -in FILE -noout -serial -fingerprint -sha256'),
	($$SELECT muster.revoke_certificate('abcdef')$$, 'ERROR: there is no certificate abcdef HINT: To look: SELECT serial, sha256, account, device_name FROM muster.certificates WHERE account = …;')) x (s, said);

-- One certificate.
SELECT is(try('muster_worker', device(11)), 'OK|-', 'it opens the door');
SELECT is(try('boss', format('SELECT muster.revoke_certificate(%L, ''KEYcompromise'', ''copied'')', serial(11))),
	format('certificate %s of device %s is revoked (keyCompromise): refused from now on, and in the next list', serial(11), id(11)), 'revoked by its serial number');
SELECT is(try('muster_worker', device(11)), 'Forbidden|certificate is revoked (keyCompromise): copied', 'and refused at once');
SELECT is(try('boss', format('SELECT muster.revoke_certificate(%L)', sha(11))), format('certificate %s of device %s was revoked already', serial(11), id(11)), 'once is for good, by its SHA-256, too');
SELECT is((SELECT kind || ' ' || actor_role || ' ' || why || ' ' || (details ->> 'reason') FROM muster.event WHERE device = id(11) ORDER BY id DESC LIMIT 1),
	'certificate revoked boss keyCompromise: copied keyCompromise', 'an event says who and why');
SELECT is((SELECT state FROM muster.device WHERE id = id(11)), 'enrolled', 'the device stays in the record');
SELECT is(try('boss', format('UPDATE muster.certificate SET revoked_at = NULL WHERE sha256 = sha256(der(11))')), 'ERROR: permission denied for table certificate', 'nobody takes it back');

-- Who may.
SELECT is(try('rhoda', format('SELECT muster.revoke_certificate(%L)', sha(12))), 'ERROR: permission denied for function revoke_certificate', 'a help desk revokes none');
SELECT is(try('rhoda', format('SELECT muster.end_certificate(sha256(der(12)), ''superseded'', NULL)')), 'ERROR: permission denied for function end_certificate', 'nor by another door');
SELECT matches(try('rufus', format('SELECT muster.revoke_certificate(%L)', sha(14))), '^ERROR: there is no certificate ', 'an organization''s administrator finds no other''s');
SELECT is(try('rufus', format('SELECT muster.end_certificate(sha256(der(14)), ''superseded'', NULL)')), '0', 'and ends no other''s');
SELECT is(try('rufus', format('SELECT muster.end_certificate(sha256(der(12)), ''superseded'', NULL)')), '1', 'but his own');
SELECT is(try('audrey', format('SELECT muster.revoke_certificate(%L)', sha(13))), 'ERROR: permission denied for function revoke_certificate', 'an auditor revokes none');
SELECT is(try(r, 'SELECT muster.revoke_authority(''Example issuing'', ''superseded'')'), 'ERROR: permission denied for function revoke_authority', r || ' revokes no authority') FROM unnest(ARRAY['rhoda', 'rufus', 'audrey']) r;

-- Devices.
SELECT is(try('rhoda', format('SELECT muster.retire_device(%L, ''stolen'', ''keyCompromise'')', id(13))), format('device %s is retired; its certificate is refused from now on', id(13)), 'a help desk retires');
SELECT is((SELECT revocation_reason || ' ' || revocation_note FROM muster.certificate WHERE sha256 = sha256(der(13))), 'keyCompromise stolen', 'which revokes, with the reason given');
SELECT is(try('muster_worker', device(13)), 'Forbidden|device is retired: stolen', 'refused');
SELECT is(try('rhoda', format('SELECT muster.retire_device(%L, ''lost'', ''whatever'')', id(15))) LIKE 'ERROR: not a reason%', true, 'no other reasons');
SELECT is(try('rhoda', $$SELECT muster.retire_account_devices('bob@example.test', NULL)$$) LIKE 'ERROR: retiring devices needs a reason%', true, 'a reason for the record');
SELECT is(try('rhoda', $$SELECT muster.retire_account_devices('olga@other.test', 'left')$$) LIKE 'ERROR: there is no account%', true, 'no other organization''s account');
SELECT is(try('rhoda', $$SELECT muster.retire_account_devices('bob@example.test', 'left the company')$$), '2 devices of account bob@example.test retired: their certificates are refused from now on', 'all that an account has');
SELECT is((SELECT string_agg(revocation_reason, ' ' ORDER BY sha256) FROM muster.certificate WHERE device IN (id(15), id(16))), 'cessationOfOperation cessationOfOperation', 'their certificates are revoked');
SELECT is(try('rhoda', $$SELECT muster.retire_account_devices('bob@example.test', 'again')$$), '0 devices of account bob@example.test retired: their certificates are refused from now on', 'nothing is retired twice');

-- A device that enrolled again: its old certificate is revoked when the new one is used, or the time is over.
SELECT is(try('muster_issuer', record(21, 'olga@other.test', '{"DeviceID": "again", "OSVersion": "10.0.26200.1"}')), 'OK|-', 'a device');
SELECT is(try('muster_issuer', record(22, 'olga@other.test', '{"DeviceID": "again", "OSVersion": "10.0.26200.1"}')), 'OK|-', 'enrolls again');
SELECT is((SELECT revoked_at FROM muster.certificate WHERE sha256 = sha256(der(21))), NULL, 'both are good');
SELECT is(try('muster_worker', device(22)), 'OK|-', 'the new one is used');
SELECT is((SELECT revocation_reason FROM muster.certificate WHERE sha256 = sha256(der(21))), 'superseded', 'the old one is revoked');
SELECT is(try('muster_worker', device(21)), 'Forbidden|certificate is superseded: the device has used a newer one', 'and refused for what it is');
SELECT is(try('muster_issuer', record(23, 'olga@other.test', '{"DeviceID": "again", "OSVersion": "10.0.26200.1"}')), 'OK|-', 'and again, and is never seen');
UPDATE muster.device SET replaced_at = now() - interval '100 days' WHERE id = id(22);
SELECT is(muster.keep_revocations(), '1 replaced devices ended', 'housekeeping ends what it replaced');
SELECT is((SELECT revocation_reason FROM muster.certificate WHERE sha256 = sha256(der(22))), 'superseded', 'which revokes its certificate');
SELECT is(try('muster_worker', device(22)), 'Forbidden|certificate is superseded: the device enrolled again and the time for the change is over', 'and refused for what it is');
SELECT is(muster.keep_revocations(), NULL, 'once');

-- Lists: when.
CREATE FUNCTION issuing() RETURNS uuid LANGUAGE sql AS $$SELECT id FROM muster.authority WHERE name = 'Example issuing'$$;
CREATE FUNCTION due() RETURNS text LANGUAGE sql AS $$SELECT try('muster_issuer', 'SELECT count(*) FROM muster_issuer.crl_due()')$$;
CREATE FUNCTION stored(n integer, p_entries integer DEFAULT 1) RETURNS text LANGUAGE sql AS $$
	SELECT try('muster_issuer', format('SELECT stored FROM muster_issuer.store_crl(%L, %s, %s, %s, %s, %L)', issuing(), n,
		extract(epoch FROM now() - interval '10 minutes')::bigint, extract(epoch FROM now() + interval '7 days')::bigint, p_entries, der(9000 + n)))
$$;
CREATE FUNCTION entries() RETURNS text LANGUAGE sql AS $$SELECT string_agg(encode(serial, 'hex'), ' ' ORDER BY serial) FROM muster.crl_entries(issuing())$$;
SELECT is(due(), '1', 'without a list one is due at once');
SELECT is(try('muster_issuer', format('SELECT number, next_update - this_update FROM muster_issuer.begin_crl(%L)', issuing())), '1|605400', 'the first; good for seven days, and begun ten minutes ago for slow clocks');
SELECT is(entries(), concat_ws(' ', serial(11), serial(12), serial(13), serial(15), serial(16), serial(21), serial(22)), 'all that is revoked stands in it');
SELECT is(stored(1, 7), 'true', 'stored');
SELECT is(stored(1), 'false', 'a number is used once');
SELECT is(due(), '0', 'nothing is due');
SELECT is(try('muster_issuer', format('SELECT number FROM muster_issuer.begin_crl(%L)', issuing())), '(no row)', 'and none is begun');
SELECT is(try('boss', format('SELECT muster.revoke_certificate(%L, ''superseded'')', sha(14))) LIKE '%is revoked%', true, 'one more');
SELECT is(due(), '0', 'not before its delay');
SELECT muster.set_crl('Example issuing', delay => '0');
SELECT is(due(), '1', 'then it is');
SELECT is(entries(), concat_ws(' ', serial(11), serial(12), serial(13), serial(15), serial(16), serial(21), serial(22)), 'what was not begun stands in none');
SELECT is(try('muster_issuer', format('SELECT number FROM muster_issuer.begin_crl(%L)', issuing())), '2', 'the next');
SELECT is(entries(), concat_ws(' ', serial(11), serial(12), serial(13), serial(14), serial(15), serial(16), serial(21), serial(22)), 'has it');
SELECT is(stored(2, 8), 'true', 'stored');
SELECT is(due(), '0', 'nothing is due');
UPDATE muster.crl SET next_update = now() + interval '2 days';
SELECT is(due(), '1', 'a list is succeeded before it ends');

-- One that has ended leaves after a list that was made beyond its end.
UPDATE muster.certificate SET not_before = now() - interval '9 days', not_after = now() - interval '1 minute' WHERE sha256 = sha256(der(14));
SELECT is(try('muster_issuer', format('SELECT number FROM muster_issuer.begin_crl(%L)', issuing())), '3', 'a list after its end');
SELECT is(entries() LIKE '%' || serial(14) || '%', true, 'still has it');
SELECT is(stored(3, 8), 'true', 'stored');
UPDATE muster.crl SET this_update = now(), next_update = now() + interval '1 day';
SELECT is(try('muster_issuer', format('SELECT number FROM muster_issuer.begin_crl(%L)', issuing())), '4', 'the one after that');
SELECT is(entries() LIKE '%' || serial(14) || '%', false, 'has not');
SELECT is(stored(4, 7), 'true', 'stored');
-- One that had ended when it was revoked stands in one list.
UPDATE muster.certificate SET not_before = now() - interval '9 days', not_after = now() - interval '5 days', revoked_at = now(), revocation_reason = 'superseded' WHERE sha256 = sha256(der(23));
SELECT is(try('muster_issuer', format('SELECT number FROM muster_issuer.begin_crl(%L)', issuing())), '5', 'a list');
SELECT is(entries() LIKE '%' || serial(23) || '%', true, 'has it once');
SELECT is(stored(5, 8), 'true', 'stored');
SELECT is(entries() LIKE '%' || serial(23) || '%', false, 'and then not');
SELECT is((SELECT string_agg((details ->> 'number') || ':' || (details ->> 'entries'), ' ' ORDER BY id) FROM muster.event WHERE kind = 'crl published'), '1:7 2:8 3:8 4:7 5:8', 'each is an event');

-- Two at once: one makes it, and whoever takes over is not kept waiting by who is gone.
UPDATE muster.crl SET this_update = now() - interval '9 days', next_update = now() + interval '1 minute';
SELECT dblink_connect('other', connection('muster_issuer'));
SELECT dblink_exec('other', 'BEGIN');
SELECT is((SELECT x FROM dblink('other', format('SELECT number FROM muster_issuer.begin_crl(%L)', issuing())) t (x bigint)), 6::bigint, 'another issuer makes it');
SELECT is(try('muster_issuer', format('SELECT number FROM muster_issuer.begin_crl(%L)', issuing())), '(no row)', 'not this one');
SELECT dblink_disconnect('other');
SELECT pg_sleep(0.05) FROM generate_series(1, 200) WHERE EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()));
SELECT is(try('muster_issuer', format('SELECT number FROM muster_issuer.begin_crl(%L)', issuing())), '6', 'until the other is gone');

-- What is served.
UPDATE muster.crl SET this_update = now() - interval '9 days', next_update = now() - interval '1 day';
SELECT is(try('muster_worker', format('SELECT size, max_age FROM muster_worker.crl(%L)', issuing())), '206|0', 'a list that has ended is kept by nobody');
UPDATE muster.crl SET this_update = now(), next_update = now() + interval '20 seconds';
SELECT muster.set_crl('Example issuing', delay => '1 minute');
SELECT is(try('muster_worker', format('SELECT max_age BETWEEN 1 AND 20 FROM muster_worker.crl(%L)', issuing())), 'true', 'nor beyond its end');
UPDATE muster.crl SET this_update = now(), next_update = now() + interval '7 days';
SELECT is(try('muster_worker', format('SELECT max_age FROM muster_worker.crl(%L)', issuing())), '60', 'nor longer than a revocation may take');
SELECT is(try('muster_worker', format('SELECT encode(piece, ''hex'') FROM muster_worker.crl_piece(%L, sha256(der(9005)), 2, 4)', issuing())), lpad(to_hex(9005), 8, '0'), 'a piece');
SELECT is(try('muster_worker', format('SELECT piece FROM muster_worker.crl_piece(%L, sha256(der(9004)), 2, 4)', issuing())), '(no row)', 'none of one that was replaced');
SELECT is(try('muster_worker', format('SELECT count(*), min(octet_length(certificate)) FROM muster_worker.chain(%L)', k)), '2|206', 'the chain by ' || k) FROM (VALUES ('example'), (issuing()::text)) v (k);
SELECT is(try('muster_worker', 'SELECT count(*) FROM muster_worker.chain(''nowhere'')'), '0', 'of an organization that is none');

-- What certificates say.
SELECT is(try('muster_issuer', 'SELECT count(*) FROM muster_issuer.publications()'), '0', 'nothing, unless told');
SELECT is(try('boss', s), said, said) FROM (VALUES
	($$SELECT muster.set_publication_url('https://pki.example.test')$$, 'ERROR: not usable as the host where lists are published: ''https://pki.example.test'' HINT: Give http://host or http://host:port, without a path. Not https: who checks a certificate would have to check that host''s certificate first (RFC 5280 section 8).'),
	($$SELECT muster.set_publication_url('HTTP://PKI.example.test/')$$, 'certificates issued from now on say that lists of revoked certificates are at http://pki.example.test/muster/crl/'),
	($$SELECT muster.set_authority_urls('Example issuing', 'ftp://x')$$, 'ERROR: not usable as the URL of something published: ''ftp://x'' HINT: Give http://host[:port]/path. Not https: who checks a certificate would have to check that host''s certificate first (RFC 5280 section 8).')) x (s, said);
SELECT is(try('muster_issuer', 'SELECT crl_url, ca_url, ocsp_url FROM muster_issuer.publications()'),
	format('http://pki.example.test/muster/crl/%s.crl|http://pki.example.test/muster/ca/%s.der|-', issuing(), issuing()), 'where they are');
SELECT is(try('boss', $$SELECT muster.set_authority_urls('Example issuing', 'http://a.test/b.crl', ocsp_url => 'http://ocsp.test')$$) LIKE '%http://a.test/b.crl%', true, 'one authority''s own');
SELECT is(try('muster_issuer', 'SELECT crl_url, ca_url, ocsp_url FROM muster_issuer.publications()'),
	format('http://a.test/b.crl|http://pki.example.test/muster/ca/%s.der|http://ocsp.test', issuing()), 'are named');
SELECT is(try('boss', $$SELECT muster.set_crl('Example issuing', overlap => '8 days')$$) LIKE 'ERROR: a list that is good for 7 days cannot be succeeded 8 days before its end%', true, 'an overlap fits');
SELECT is(try('boss', $$SELECT muster.set_crl('Example issuing', lifetime => '1 minute')$$) LIKE 'ERROR: times or a limit that no list can have%', true, 'a lifetime fits');

-- Too large, late, missing.
SELECT is(muster.authority_full(issuing()), false, 'room for more');
SELECT muster.set_crl('Example issuing', entries => 7);
SELECT is(muster.authority_full(issuing()), true, 'full');
SELECT is((SELECT finding || ' ' || next_step FROM muster.check_configuration('example') WHERE topic = 'authority' AND finding LIKE '%entries%'),
	'its authority''s list of revoked certificates has 8 entries, and should have at most 7: new devices should go to a further authority muster-ca init --organization example --another --root ''Example root''', 'the check says when, and what to do');
UPDATE muster.authority SET created_at = now() - interval '1 hour';
SELECT is((SELECT string_agg(severity || ' ' || finding || ' ' || next_step, '; ' ORDER BY finding) FROM muster.check_crls()), 'error authority "Example root" has no list of revoked certificates muster-ca publish ''Example root''', 'one is missing');
UPDATE muster.crl SET next_update = now() + interval '1 day';
SELECT matches((SELECT severity || ' ' || finding || ' ' || next_step FROM muster.check_crls() WHERE finding LIKE '%issuing%'),
	'^warning the list of revoked certificates of "Example issuing" ends on .*, and its successor is late look for "list of revoked certificates" in muster''s log; by hand: muster-ca publish ''Example issuing''$', 'one is late');
UPDATE muster.crl SET this_update = now() - interval '8 days', next_update = now() - interval '1 minute';
SELECT is((SELECT severity || ' ' || finding FROM muster.check_crls() WHERE finding LIKE '%issuing%'), 'error the list of revoked certificates of "Example issuing" has ended: who checks it refuses every certificate', 'one has ended');
SELECT is((SELECT state FROM muster.crls WHERE authority = 'Example issuing'), 'ended: verifiers refuse everybody', 'the view says so, too');

-- OCSP.
SELECT is((SELECT string_agg(status, ' ' ORDER BY serial) FROM muster.ocsp_status WHERE serial IN (upper(serial(11)), upper(serial(14)))), 'revoked revoked', 'status');
SELECT matches((SELECT line FROM muster.ocsp_index(issuing()) WHERE line LIKE '%' || upper(serial(11)) || '%'), format(E'^R\t\\d{12}Z\t\\d{12}Z\t%s\tunknown\t/serialNumber=%s/CN=%s$', upper(serial(11)), upper(serial(11)), id(11)), 'a line of the index');
SELECT is((SELECT count(*) FROM muster.ocsp_index(issuing()) WHERE line LIKE '%' || upper(serial(14)) || '%'), 0::bigint, 'none of what has ended');

-- An authority.
SELECT is(try('muster_issuer', record(31, 'ada@example.test', '{"DeviceID": "d31", "OSVersion": "10.0.26200.1"}')), 'OK|-', 'a device');
SELECT is(try('boss', $$SELECT muster.revoke_authority('Example root', 'superseded')$$), 'ERROR: authority "Example root" is a root: nobody stands above it who could revoke it HINT: Take it out of whatever trusts it, and revoke the authorities below it.', 'not a root');
SELECT is(try('boss', $$SELECT muster.revoke_authority('Example issuing', 'keyCompromise', 'tape stolen')$$),
	'authority "Example issuing" is revoked (keyCompromise): it signs nothing any more, and all its certificates are refused from now on. For others to know: muster-ca publish "Example root"', 'an issuing one');
SELECT is(try('boss', $$SELECT muster.revoke_authority('Example issuing', 'superseded')$$), 'authority "Example issuing" was revoked already', 'once');
SELECT is(try('muster_worker', device(31)), 'Forbidden|the authority that signed the certificate is revoked', 'its certificates are refused at once');
SELECT is(try('muster_issuer', 'SELECT count(*) FROM muster_issuer.profiles()'), '0', 'nobody is signed by it');
SELECT is(try('muster_issuer', record(32, 'ada@example.test', '{"DeviceID": "d32", "OSVersion": "10.0.26200.1"}')), 'InternalServiceFault|the authority is revoked', 'nor recorded');
SELECT is(try('muster_issuer', 'SELECT count(*) FROM muster_issuer.authorities()'), '1', 'but it makes lists until its end');
SELECT matches(try('boss', $$SELECT muster.set_authority('example', 'Example issuing')$$), '^ERROR: authority "Example issuing" is revoked', 'no organization is given it');
SELECT is((SELECT kind || ' ' || why FROM muster.event WHERE kind LIKE 'authority%' ORDER BY id DESC LIMIT 1), 'authority revoked tape stolen', 'an event');
SELECT is((SELECT finding FROM muster.check_configuration('example') WHERE topic = 'authority' AND severity = 'error'), 'its authority is revoked: it signs nothing, and its devices are refused', 'the check says so');

-- What is deleted stays revoked, and in the lists.
SELECT is(try('boss', $$SELECT becomes FROM muster.delete_organization('other', reason => 'left', really => true, retire_devices => true) WHERE what = 'deleted'$$), 'organization other is deleted', 'an organization goes');
SELECT is((SELECT string_agg(DISTINCT revocation_reason, ' ') FROM muster.certificate c JOIN muster.organization o ON o.id = c.organization WHERE o.deleted_at IS NOT NULL AND c.not_after > now()), 'superseded', 'its certificates were revoked already, or are');
SELECT is((SELECT count(*) FROM muster.certificate c JOIN muster.organization o ON o.id = c.organization WHERE o.deleted_at IS NOT NULL AND c.not_after > now() AND c.revoked_at IS NULL), 0::bigint, 'none is good');

SELECT * FROM finish();
