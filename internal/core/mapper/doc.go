// Package mapper turns configuration into claims, with one small function per kind of mapper.
//
// Kinds is the table of all kinds: what each may write to and when its turn comes. Roles and audience
// count as claims here, since mappers change them too and the order matters: a role that a mapper
// adds leads to an audience.
package mapper
