package slackfake

import (
	"parley/bot/slack/slackfake/delivery"
	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

// Tests and the demo import only this package. It re-exports the types of its subpackages that they need.
type (
	// Options configure a workspace.
	Options = workspace.Options
	// User is a person or bot of the workspace.
	User = workspace.User
	// Channel is a conversation in Slack's sense: public, private or direct.
	Channel = workspace.Channel
	// Message is a message as the Web API returns it.
	Message = workspace.Message
	// Reaction is one emoji under a message.
	Reaction = workspace.Reaction
	// Edited says who changed a message last, and when.
	Edited = workspace.Edited
	// File is an uploaded or external file.
	File = workspace.File
	// Share is one place where a file was posted.
	Share = workspace.Share
	// View is a modal or a home tab.
	View = workspace.View
	// Ephemeral is a message that only one person sees.
	Ephemeral = workspace.Ephemeral
	// Change is an entry of the log of changes in the workspace, on which tests wait.
	Change = workspace.Change
	// Subscription reads changes in order, at its own pace.
	Subscription = workspace.Subscription
	// Events sends events to the app, retries those that it doesn't acknowledge, and records the results.
	Events = delivery.Events
	// Sockets holds the app's Socket Mode connections.
	Sockets = delivery.Sockets
	// Webhooks sends signed requests to the app in HTTP mode.
	Webhooks = delivery.Webhooks
	// Targets are the app's URLs in HTTP mode.
	Targets = delivery.Targets
	// SlowEvent is an event that the app acknowledged late, or not yet.
	SlowEvent = delivery.SlowEvent

	ground = workspace.Ground // shared by all parts: options, clock, ids, log of changes, and the lock
	object = workspace.Object // a JSON object
	call   = webcall.Call     // a Web API call with its arguments
	reply  = webcall.Reply    // the fields of a successful response
)
