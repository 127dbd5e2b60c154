// Package subject compares the subjects of certificates, as RFC 4514 and Java write them, with what is expected of
// them.
package subject
