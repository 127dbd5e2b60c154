// Package certificate reads what TLS needs from PEM files: who is believed, and what is shown. The certificate of a server is read again
// when its file changes.
package certificate
