// Package slack is the Slack surface: agents answer customers in a Slack workspace. Slack sends what people do there over
// Socket Mode or in signed requests. The engine stores it before Slack gets its response. Later this package decodes the
// stored bytes into bridge.Actions, the requests of people that the engine carries out. In the other direction, it makes
// bridge.Posts, everything that Parley shows to agents, with Slack's Web API.
//
// Surface connects the parts:
//   - connections (Socket Mode) and door (signed requests) pass on what Slack sends to intake.
//   - intake stores it. responder handles clicks, forms and slash commands, and builds Slack's dialogs.
//   - poster makes posts, with their files.
//   - history reads channels, and stores messages whose events never came.
//   - directory looks up people and channels.
//   - workspace makes the calls to Slack for all of them.
//
// Package blockkit lays out what people see in Slack's format, and reads what they click and fill in. The files
// fact_*.go define what the journal, the table of all events, keeps of it.
//
// In this package, self is our app's identity in the workspace (Self), at is a place, and ts is Slack's id of a message
// in its channel, which is also the time when it was posted.
//
// What does not belong here: decisions (bridge), the words and layout that people see and the grammar of verbs (bot/view,
// bot/verb), SQL, and the order and repetition of deliveries (bridge/relay).
//
// Source: docs.slack.dev, read 2026-11.
package slack
