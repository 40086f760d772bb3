// Package slack is the Slack surface: it takes in what people do in a workspace by
// Socket Mode or signed requests, has the engine store it before Slack hears
// that it arrived, decodes the stored bytes into bridge.Actions, and makes
// bridge.Posts with the Web API.
//
// Surface only joins the parts. connections (Socket Mode) and door (signed requests) pass what Slack
// sends to intake, which stores events and has responder answer clicks and commands; windows are the
// forms. poster makes posts, with files; history finds what no event told; directory knows people
// and channels. All of them call Slack through one workspace. Package blockkit writes what people see and reads what
// comes back of it, in Slack's form; package fact has what the journal keeps of it.
//
// In this package self is who we are in the workspace (fact.Self), at is a place, and ts is Slack's id of a message in
// its channel, which is also the time when it was posted.
//
// What does not belong here: decisions (bridge), the words and layout that people
// see and the grammar of verbs (bot/view, bot/command), SQL, and order and repetition
// of deliveries (bridge/relay).
//
// Source: docs.slack.dev, read 2026-11.
package slack
