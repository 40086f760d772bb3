// Package graph has the code that the channels on Meta's Graph API (WhatsApp and Messenger) share: a client whose
// requests have timeouts and classified errors, and a handler of webhooks, which verifies subscriptions and signatures.
//
// What does not belong here: anything about one product. The format of messages, the facts in a webhook, and the meaning
// of an error code for a message are in the channel's own package.
package graph
