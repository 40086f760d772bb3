// Package fact defines what Parley stores of Slack's events. A fact is one thing that happened in Slack, such as "Ann
// posted this message". It is stored in the journal, Parley's table of events, as a Payload: Slack's own bytes, and who
// Parley's app was in the workspace at that time (Self). Its id is the same however often Slack reports it, and its order
// key is that of its thread.
//
// SplitEvent makes the facts of a callback of the Events API. DecodeEvent turns the stored bytes of a fact into
// bridge.Actions. The package is pure (no network, no clock), so decoding a fact again gives the same result.
//
// What does not belong here: clicks, forms and commands, which are read where they are answered (bot/slack); calls to
// Slack (bot/slack); the formats of texts and cards (bot/slack/blockkit); the meaning of words (bot/command).
package fact
