# Stands for GitHub and for a cluster: signs claims by the key in workload.pem.
# usage: bash sign.sh ISSUER SUBJECT AUDIENCE [MEMBER…]    a member is more of the claims, as JSON: '"a":"b"'
set -euo pipefail
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
now=$(date +%s)
claims='"iss":"'$1'","sub":"'$2'","aud":"'$3'","iat":'$now',"exp":'$((now + 300))',"jti":"'$(openssl rand -hex 16)'"'
for member in "${@:4}"; do claims+=,$member; done
signed=$(printf '{"alg":"EdDSA"}' | base64url).$(printf '{%s}' "$claims" | base64url)
file=$(mktemp)
trap 'rm "$file"' EXIT
printf %s "$signed" >"$file" # openssl signs with such keys what is in a file only
printf '%s.%s\n' "$signed" "$(openssl pkeyutl -sign -rawin -inkey workload.pem -in "$file" | base64url)"
