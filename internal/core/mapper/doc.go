// Package mapper turns configuration into claims, with one small function per kind of mapper.
package mapper
