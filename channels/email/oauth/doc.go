// Package oauth gets access to mailboxes at Google and Microsoft with OAuth 2.0: it creates the URL of the provider's
// consent page, exchanges the code with which the browser comes back for tokens, and refreshes the tokens.
//
// Where tokens are stored, and who may refresh them, is decided by the caller.
package oauth
