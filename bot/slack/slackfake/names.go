package slackfake

import (
	"parley/bot/slack/slackfake/delivery"
	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

type (
	// Options is named here for callers.
	Options = workspace.Options
	// User is named here for callers.
	User = workspace.User
	// Channel is named here for callers.
	Channel = workspace.Channel
	// Message is named here for callers.
	Message = workspace.Message
	// Icons is named here for callers.
	Icons = workspace.Icons
	// BotProfile is named here for callers.
	BotProfile = workspace.BotProfile
	// Metadata is named here for callers.
	Metadata = workspace.Metadata
	// Reaction is named here for callers.
	Reaction = workspace.Reaction
	// Edited is named here for callers.
	Edited = workspace.Edited
	// File is named here for callers.
	File = workspace.File
	// Share is named here for callers.
	Share = workspace.Share
	// View is named here for callers.
	View = workspace.View
	// Ephemeral is named here for callers.
	Ephemeral = workspace.Ephemeral
	// Change is named here for callers.
	Change = workspace.Change
	// Subscription is named here for callers.
	Subscription = workspace.Subscription
	// Events is named here for callers.
	Events = delivery.Events
	// Sockets is named here for callers.
	Sockets = delivery.Sockets
	// Webhooks is named here for callers.
	Webhooks = delivery.Webhooks
	// Targets is named here for callers.
	Targets = delivery.Targets
	// LostEvent is named here for callers.
	LostEvent = delivery.LostEvent
	// SlowEvent is named here for callers.
	SlowEvent = delivery.SlowEvent

	ground = workspace.Ground
	object = workspace.Object
	call   = webcall.Call
	reply  = webcall.Reply
)

// AllScopes lists the bot scopes that the emulator knows.
func AllScopes() []string { return workspace.AllScopes() }
