package bridge

import "parley/channels"

// Types of package channels that surfaces need to build and show messages. Surfaces use them by these
// names, since they must not know channels.
type (
	// Capabilities of an account.
	Capabilities = channels.Capabilities
	// RichLimits say what a message can carry besides its text.
	RichLimits = channels.RichLimits
	// FileRules say which files a message can carry.
	FileRules = channels.FileRules
	// ReplyWindow is the time in which free text may be sent to a customer.
	ReplyWindow = channels.ReplyWindow
	// Count of a text, where providers count.
	Count = channels.Count
	// Rich is what a message carries besides its text.
	Rich = channels.Rich
	// RichKind names the part of a Rich that is set.
	RichKind = channels.RichKind
	// RichButton is an answer to tap, or a link.
	RichButton = channels.Button
	// RichList is a menu behind one button.
	RichList = channels.List
	// RichSection is a titled part of a RichList.
	RichSection = channels.ListSection
	// RichRow is one choice.
	RichRow = channels.ListRow
	// RichLocation is a place on the map.
	RichLocation = channels.Location
	// RichContact is somebody's card.
	RichContact = channels.ContactCard
	// RichCard is one card of a carousel.
	RichCard = channels.RichCard
)

// Kinds of rich messages.
const (
	RichIsButtons  = channels.RichButtons
	RichIsList     = channels.RichList
	RichIsLocation = channels.RichLocation
	RichIsContact  = channels.RichContact
	RichIsCards    = channels.RichCards
)
