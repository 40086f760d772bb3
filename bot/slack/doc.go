// Package slack is the Slack surface: it takes in what people do in a workspace by
// Socket Mode or signed requests, has the engine store it before Slack hears
// that it arrived, decodes the stored bytes into bridge.Actions, and makes
// bridge.Posts with the Web API.
//
// Surface only joins the parts. connections (Socket Mode) and door (signed requests) pass what Slack
// sends to intake, which stores events and lets responder answer clicks and commands; windows are the
// forms. poster makes posts, with files; history finds what no event told; directory knows people
// and channels. All of them call Slack through one workspace. In blockkit is what people see and what comes
// back of it, as Slack writes it; in fact is what the journal keeps of it.
//
// What does not belong here: decisions (bridge), the words and layout that people
// see and the grammar of verbs (bot/view, bot/command), SQL, and order and repetition
// of deliveries (bridge/relay).
//
// Source: docs.slack.dev, read 2026-11.
package slack
