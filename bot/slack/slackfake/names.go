package slackfake

import (
	"parley/bot/slack/slackfake/delivery"
	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

// What tests and the demo name of the packages below.
type (
	// Options shape a workspace.
	Options = workspace.Options
	// User is a person or bot of the workspace.
	User = workspace.User
	// Channel is a conversation in Slack's sense: public, private or direct.
	Channel = workspace.Channel
	// Message is a message as the Web API returns it.
	Message = workspace.Message
	// Reaction is one emoji under a message.
	Reaction = workspace.Reaction
	// Edited tells who changed a message last.
	Edited = workspace.Edited
	// File is an uploaded or external file.
	File = workspace.File
	// Share is one place where a file was posted.
	Share = workspace.Share
	// View is a modal or a home tab.
	View = workspace.View
	// Ephemeral is a message that only one person sees.
	Ephemeral = workspace.Ephemeral
	// Change tells that something in the workspace changed.
	Change = workspace.Change
	// Subscription reads changes in order, at its own pace.
	Subscription = workspace.Subscription
	// Events sends the app what happens, again where it doesn't acknowledge, and tells what became of it.
	Events = delivery.Events
	// Sockets are the app's Socket Mode connections.
	Sockets = delivery.Sockets
	// Webhooks reach the app by signed requests, in HTTP mode.
	Webhooks = delivery.Webhooks
	// Targets are the app's addresses in HTTP mode.
	Targets = delivery.Targets
	// SlowEvent is an event that the app acknowledged late, or not yet.
	SlowEvent = delivery.SlowEvent

	ground = workspace.Ground // shared by all parts: options, clock, ids, change log and the one lock
	object = workspace.Object // JSON
	call   = webcall.Call     // a Web API call with its arguments
	reply  = webcall.Reply    // the fields of its answer
)
