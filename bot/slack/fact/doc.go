// Package fact is what the journal keeps of what Slack tells: a Payload around Slack's own bytes, with who we
// were in the workspace then, under an id that is the same however often the fact is told, and with the order
// key of its thread. SplitEvent makes the facts of a callback of the Events API, and DecodeEvent turns the stored
// bytes of one into bridge.Actions. All of it is pure: no network, no clock, so that an event that is applied
// again says the same. Self says who we
// are in the workspace.
//
// What does not belong here: clicks, forms and commands, which are read where they are answered, and what is
// asked of Slack (bot/slack); how texts and cards are written down (bot/slack/blockkit); what words mean
// (bot/command).
package fact
