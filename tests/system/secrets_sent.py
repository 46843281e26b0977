"""Requests whose secrets stand where they should not, or in requests that are refused."""
from wire import *

SECRET = "Sw0rdfish-element"
path = "/EnrollmentServer/Discovery.svc"
policy, enrollment = directions(post(path, discover()))
token_text = username_token(UPN, SECRET)
for body in (get_policies(UPN, SECRET), get_policies(security=token_text * 2), rst(UPN, SECRET),
             get_policies(security=token_text.replace("Password ", "Password x='%s' " % ("y" * 20), 1)),
             get_policies(security=token_text + binary_token()), rst(security=token_text * 2),
             get_policies(UPN, SECRET).replace("</s:Envelope>", ""),
             get_policies(UPN, SECRET).replace("<s:Body>", "<s:Body><wsse:Password>%s</wsse:Password>" % SECRET),
             discover(security=token_text)):
    post(policy, body)
    post(enrollment, body)
print("ok - requests with secrets in them were sent")
