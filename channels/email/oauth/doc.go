// Package oauth speaks with the providers at which a person consents to Parley's signing in to a mailbox: it makes
// the address at which she does, exchanges what comes back for tokens, and has these refreshed.
//
// What does not belong here: where tokens are kept and who may refresh them, and the servers that take them.
package oauth
