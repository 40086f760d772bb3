// Package messenger is the channel of one Facebook Page: webhooks in, the Send API out.
// A customer is her page-scoped id (PSID), the same for all her messages to this Page and
// another one on every other Page.
//
// What does not belong here: the HTTP of Meta's Graph API, signatures and subscriptions
// (package graph), and decisions about conversations.
//
// Source of protocol facts: Meta, "Messenger Platform" (Send API, webhook reference,
// conversations API), read November 2026, Graph v26.0.
package messenger
