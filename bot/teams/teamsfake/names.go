package teamsfake

import (
	"parley/bot/teams/teamsfake/delivery"
	"parley/bot/teams/teamsfake/people"
	"parley/bot/teams/teamsfake/tenant"
)

// What tests and the demo name of the packages below.
type (
	// Change is one entry of the log of what happened.
	Change = tenant.Change
	// Channel is a channel of a team.
	Channel = tenant.Channel
	// Dialog is what is open in front of a person; one at a time.
	Dialog = people.Dialog
	// File is a file or pasted picture.
	File = tenant.File
	// LostActivity is one that the bot never acknowledged.
	LostActivity = delivery.LostActivity
	// Mention is a chip in a message.
	Mention = tenant.Mention
	// Message is what people see, whoever wrote it.
	Message = tenant.Message
	// NewFile is a file, or with Image a pasted picture, that a person posts.
	NewFile = tenant.NewFile
	// Options shape an organisation with one installed bot.
	Options = tenant.Options
	// Outcome is what a person sees after a click, a submission or a search.
	Outcome = people.Outcome
	// Person acts as one person through Teams' own client.
	Person = people.Person
	// Post is what a person writes.
	Post = tenant.Post
	// Problem is something that the bot did which people's clients do not show as it was meant.
	Problem = tenant.Problem
	// Reaction is one person's (or the bot's) reaction.
	Reaction = tenant.Reaction
	// SlowActivity is one that the bot acknowledged late, or not yet.
	SlowActivity = delivery.SlowActivity
	// Team is a team with a General channel of the same id.
	Team = tenant.Team
	// User is a person, or another app's bot.
	User = tenant.User

	ground = tenant.Ground
	object = tenant.Object
)
