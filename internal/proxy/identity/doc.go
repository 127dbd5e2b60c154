// Package identity reads what an access token says of its holder, in the words of the headers that an upstream is told it in. It proves
// nothing: that the token is genuine is somebody else's to know.
package identity
