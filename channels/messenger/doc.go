// Package messenger is the channel of one Facebook Page. It receives customers' messages by webhook, and sends replies with
// the Send API. A customer is identified by the page-scoped id (PSID), which is the same for all messages to this Page, and
// a different one on every other Page.
//
// What does not belong here: the HTTP of Meta's Graph API, signatures and subscriptions
// (package graph), and decisions about conversations.
//
// Source of protocol facts: Meta, "Messenger Platform" (Send API, webhook reference,
// conversations API), read November 2026, Graph v26.0.
package messenger
