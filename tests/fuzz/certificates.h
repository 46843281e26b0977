/*
 * A root, an issuing CA and the certificate of device FUZZ_DEVICE, valid for a hundred years from 2026;
 * base64 of their DER. Their keys were thrown away but for the leaf's public one.
 */
#ifndef MUSTER_TESTS_FUZZ_CERTIFICATES_H
#define MUSTER_TESTS_FUZZ_CERTIFICATES_H

#include <muster/base/nouns.h>

#define FUZZ_DEVICE "019a0000-1111-7222-8333-444455556666"
#define FUZZ_ROOT \
	"MIIBZDCCAQqgAwIBAgIUTDBnlOGoiocR4IkCfyM47HflLq4wCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEUm9vdDAgFw" \
	"0yNjExMjQxNDQ3MzVaGA8yMTI2MTAzMTE0NDczNVowDzENMAsGA1UEAwwEUm9vdDBZMBMGByqGSM49AgEGCCqGSM49" \
	"AwEHA0IABMMcPMmWKKrPFGeoT45GGNp0aYb2BIgb/TAIZWe/R07bcJ3VyAaiOhBxrClWFfsig3JHBtsY+2tdE1DGxS" \
	"hJcIqjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQMBXzolWAtoclR24QHs9oI" \
	"ROuVijAKBggqhkjOPQQDAgNIADBFAiBxLUfooXu3RMGz7RGiNH0CQ6kjHXtUoyWVeePxyc7v4wIhAJEzFya7Vo5yQw" \
	"LWsaqGeTBY0z5yDD+AEZ3gtCzti9Jl"
#define FUZZ_ISSUING \
	"MIIBhzCCAS6gAwIBAgIUGG2X30qdJhmM0K74F9eqM+cBv8swCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEUm9vdDAgFw" \
	"0yNjExMjQxNDQ3MzVaGA8yMTI2MTAzMTE0NDczNVowEjEQMA4GA1UEAwwHSXNzdWluZzBZMBMGByqGSM49AgEGCCqG" \
	"SM49AwEHA0IABFh2uN1VYb8Mz9S6IxwxlHnQZ2ujprrp/8yGpysGwGHaAcCe/aL85RB89qz1z2Zx3DKEZ1aBHlF4f5" \
	"R1+3kookCjYzBhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQnmwrHn4JRkdPBuKHE" \
	"o8UhlNZ97zAfBgNVHSMEGDAWgBQMBXzolWAtoclR24QHs9oIROuVijAKBggqhkjOPQQDAgNHADBEAiBTwVg1qVydeD" \
	"vBwz+02ClYiu1c9KSGZRsxOPQd0HGmhwIgWo1ztiHW7XB+Zlfw4wZU0nZMfPvit1BrDXzzzrSBlPQ="
#define FUZZ_LEAF \
	"MIIBuzCCAWCgAwIBAgIUfBGWECdAUmD5LW98r1vp4s9UN5cwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHSXNzdWluZz" \
	"AgFw0yNjExMjQxNDQ3MzVaGA8yMTI2MTAzMTE0NDczNVowLzEtMCsGA1UEAwwkMDE5YTAwMDAtMTExMS03MjIyLTgz" \
	"MzMtNDQ0NDU1NTU2NjY2MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBwNNBGKNvpxxXBvpstUIbRQhjtT0MzoZo4" \
	"2xxdMdlYtWQvrI+zjjxqYERq3mJ9/TJ6IXPclyIFUuPub23IdAM6N1MHMwDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8E" \
	"BAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0OBBYEFJbfciJG10QR78nwWHQtT6vO/1d1MB8GA1UdIwQYMB" \
	"aAFCebCsefglGR08G4ocSjxSGU1n3vMAoGCCqGSM49BAMCA0kAMEYCIQDhAsQkOvhxayH0jUfRvHAuoDVMhprjqUdB" \
	"iiEAJgIE4AIhAPa2baHUjimB1MigVQsmZkh/i8rc93i7cxlGep+JSP8F"
/* SubjectPublicKeyInfo of the leaf. */
#define FUZZ_PUBLIC_KEY \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBwNNBGKNvpxxXBvpstUIbRQhjtT0MzoZo42xxdMdlYtWQvrI+zjjxq" \
	"YERq3mJ9/TJ6IXPclyIFUuPub23IdAMw=="

static inline struct bytes
fuzz_decoded(struct arena *arena, const char *text)
{
	struct bytes bytes = { NULL, 0 };

	if (!bytes_from_base64(arena, text, &bytes))
		abort();
	return bytes;
}

/* What an issuer answers for device. */
static inline struct issued
fuzz_issued(struct arena *arena, const char *device)
{
	return (struct issued){ .device = device,
		.certificate = fuzz_decoded(arena, FUZZ_LEAF),
		.issuing = fuzz_decoded(arena, FUZZ_ISSUING),
		.root = fuzz_decoded(arena, FUZZ_ROOT),
		.secrets = { "c2VjcmV0", "bm9uY2U=", "server", "c2VjcmV0Mg==", "bm9uY2Uy" } };
}

#endif
