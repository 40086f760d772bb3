// Package graph is what the channels on Meta's Graph API share: a client whose requests have timeouts and
// classified errors, and the receiving end of webhooks, which verifies subscriptions and signatures.
//
// What does not belong here: anything about one product. The form of messages, the facts in a webhook, and
// what an error code means for a message belong into the channel's own folder.
package graph
