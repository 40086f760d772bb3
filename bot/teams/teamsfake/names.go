package teamsfake

import (
	"parley/bot/teams/teamsfake/delivery"
	"parley/bot/teams/teamsfake/people"
	"parley/bot/teams/teamsfake/tenant"
)

// These aliases let tests and the demo use types of the packages below without importing those packages. An activity is a
// request by which Teams tells the bot what happened.
type (
	// Change is an entry in the log of changes, such as a new message.
	Change = tenant.Change
	// Channel is a channel of a team.
	Channel = tenant.Channel
	// Dialog is a dialog that a person has open. A person has at most one.
	Dialog = people.Dialog
	// File is a file or pasted picture.
	File = tenant.File
	// LostActivity is an activity that the bot never acknowledged.
	LostActivity = delivery.LostActivity
	// Mention is a person or bot that a message mentions.
	Mention = tenant.Mention
	// Message is a message in a channel or a personal chat, written by a person, the bot or another app.
	Message = tenant.Message
	// NewFile is a file, or with Image a pasted picture, that a person posts.
	NewFile = tenant.NewFile
	// Options configure an organisation with one bot.
	Options = tenant.Options
	// Outcome is what a person sees after a click, a submission or a search.
	Outcome = people.Outcome
	// Person acts as one person through Teams' own client.
	Person = people.Person
	// Post is a message that a person writes.
	Post = tenant.Post
	// Problem is a fault in something that the bot sent: Teams accepts it, but clients don't show it as intended.
	Problem = tenant.Problem
	// Reaction is one emoji that a person, or the bot, has put on a message.
	Reaction = tenant.Reaction
	// SlowActivity is an activity that the bot acknowledged late or not yet.
	SlowActivity = delivery.SlowActivity
	// Team is a team with a General channel of the same id.
	Team = tenant.Team
	// User is a person, or another app's bot.
	User = tenant.User

	ground = tenant.Ground
	object = tenant.Object
)
