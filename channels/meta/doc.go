// Package meta has the channels "whatsapp" and "messenger": a phone number of WhatsApp's Cloud API (number*.go) and a
// Facebook Page with Messenger (page*.go). Both are accounts at Meta (account.go) with an app, a token and a signed webhook,
// which client.go, app.go, hook.go and errors.go know: they call Meta's Graph API and check what it sends.
//
// What does not belong here: the marks of a text, such as *bold* (channels/markdown), and deciding when something may be sent
// and what follows from a failure (bridge/engine).
//
// Source: developers.facebook.com/documentation/business-messaging, read 2026-11.
package meta
