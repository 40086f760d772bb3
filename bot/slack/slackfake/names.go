package slackfake

import (
	"parley/bot/slack/slackfake/delivery"
	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

type ( // what callers, and most parts, use of the packages below
	Options      = workspace.Options
	User         = workspace.User
	Channel      = workspace.Channel
	Message      = workspace.Message
	Icons        = workspace.Icons
	BotProfile   = workspace.BotProfile
	Metadata     = workspace.Metadata
	Reaction     = workspace.Reaction
	Edited       = workspace.Edited
	File         = workspace.File
	Share        = workspace.Share
	View         = workspace.View
	Ephemeral    = workspace.Ephemeral
	Change       = workspace.Change
	Subscription = workspace.Subscription
	Events       = delivery.Events
	Sockets      = delivery.Sockets
	Webhooks     = delivery.Webhooks
	Targets      = delivery.Targets
	LostEvent    = delivery.LostEvent
	SlowEvent    = delivery.SlowEvent

	ground = workspace.Ground
	object = workspace.Object
	call   = webcall.Call
	reply  = webcall.Reply
)

// AllScopes lists the bot scopes that the emulator knows.
func AllScopes() []string { return workspace.AllScopes() }
