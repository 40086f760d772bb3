// Package oauth gets access to mailboxes at Google and Microsoft with OAuth 2.0: it creates the URL of the provider's
// consent page, exchanges the code with which the browser comes back for tokens, and refreshes the tokens.
//
// The caller decides where tokens are stored, and who may refresh them.
package oauth
