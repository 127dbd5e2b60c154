// Package token holds what a token says, before it is signed or after it was verified.
package token
