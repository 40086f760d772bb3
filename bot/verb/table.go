package verb

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"

	"parley/bot/shape"
	"parley/bridge"
)

// Everything that lists or finds verbs reads the table here: the help, the commands that people type, buttons, menus
// and reactions. A new verb is described in a file of its own and added to makeTable.

// makeTable lists every verb that people can give, in the order of a help page.
func makeTable() []*Verb {
	return []*Verb{
		replyVerb(),
		noteVerb(),
		templateVerb(),
		startVerb(),
		undoVerb(),
		takeVerb(),
		assignVerb(),
		unassignVerb(),
		tagVerb(),
		untagVerb(),
		topicVerb(),
		renameVerb(),
		priorityVerb(),
		analysisVerb(),
		pendingVerb(),
		snoozeVerb(),
		wakeVerb(),
		resolveVerb(),
		reopenVerb(),
		closeVerb(),
		ccVerb(),
		toVerb(),
		allowVerb(),
		historyVerb(),
		whyVerb(),
		timelineVerb(),
		aiVerb(),
		listVerb(),
		showVerb(),
		statsVerb(),
		templatesVerb(),
		helpVerb(),
		sendVerb(),
		keepVerb(),
		dropVerb(),
		sendAgainVerb(),
		markSentVerb(),
		templateEditVerb(),
		templateDeleteVerb(),
		leaveVerb(),
		promoteVerb(),
		silenceVerb(),
		blockVerb(),
		unblockVerb(),
	}
}

// made keeps the table, since making it for each button would be slow. It can't be a sync.OnceValue: functions in the table
// look up verbs, and Go refuses such a cycle of initialisation.
var made atomic.Pointer[[]*Verb] //nolint:gochecknoglobals // a table that never changes

// All returns every verb that people can give, in the order of a help page. The caller must not change the verbs or the list.
func All() []*Verb {
	if all := made.Load(); all != nil {
		return *all
	}
	all := makeTable()
	made.Store(&all)
	return all
}

// Find returns the verb that a word stands for: "snooze", "!snooze" and "/s" are the same. It returns false if there
// is none.
func Find(word string) (*Verb, bool) {
	word = strings.TrimLeft(strings.ToLower(strings.TrimSpace(word)), "!/")
	for _, v := range All() {
		if slices.Contains(v.Typed.Words, word) {
			return v, true
		}
	}
	return nil, false
}

// Of returns a verb by its name. For a verb that people can't give, the result has only the name.
func Of(name bridge.Verb) *Verb {
	for _, v := range All() {
		if v.Name == name {
			return v
		}
	}
	return &Verb{Name: name}
}

// OfferedInThread returns the words that a chat offers while somebody types in a thread.
func OfferedInThread() []string { return offeredWords(func(v *Verb) Offer { return v.Menus.InThread }) }

// OfferedInChat returns the words that a chat offers in a conversation with the app alone.
func OfferedInChat() []string { return offeredWords(func(v *Verb) Offer { return v.Menus.InChat }) }

// offeredWords returns the words of those verbs that have an offer, in the order of their offers.
func offeredWords(pick func(*Verb) Offer) []string {
	listed := slices.DeleteFunc(slices.Clone(All()), func(v *Verb) bool { return pick(v).Order == 0 })
	slices.SortFunc(listed, func(a, b *Verb) int { return cmp.Compare(pick(a).Order, pick(b).Order) })
	words := make([]string, len(listed))
	for i, v := range listed {
		words[i] = cmp.Or(pick(v).Word, v.Typed.Words[0])
	}
	return words
}

// InMenu returns the verbs of a message's menu, in their order.
func InMenu() []*Verb {
	listed := slices.DeleteFunc(slices.Clone(All()), func(v *Verb) bool { return v.Menus.Message == nil })
	slices.SortFunc(listed, func(a, b *Verb) int { return cmp.Compare(a.Menus.Message.Order, b.Menus.Message.Order) })
	return listed
}

// Emoji returns the verb that an emoji stands for by default; a team may choose others. name is the emoji's
// shortcode, with or without colons and skin tone. Two of the emoji with which Parley itself marks messages are verbs
// for people who add them: the mark of a waiting message takes the message back, and that of a message that stayed
// inside keeps it inside.
func Emoji(name string) (bridge.Verb, bridge.Args, bool) {
	name = bridge.EmojiName(name)
	for _, v := range All() {
		if slices.Contains(v.Emoji, name) {
			return v.Name, bridge.EmojiArgs(v.Name), true
		}
	}
	return "", bridge.Args{}, false
}

// Reaction returns what a person asks for by adding an emoji to a message, or by removing it. It is the verb that an
// added emoji stands for. If it stands for none, or was removed, it is VerbReact or VerbUnreact, which only note the
// reaction.
func Reaction(emoji string, isAdded bool) (bridge.Verb, bridge.Args) {
	if !isAdded {
		return bridge.VerbUnreact, bridge.Args{Emoji: emoji}
	}
	name, args, ok := Emoji(emoji)
	if !ok {
		return bridge.VerbReact, bridge.Args{Emoji: emoji}
	}
	args.Emoji = emoji
	return name, args
}

// Title names a conversation on cards and in lists: by the title that an agent gave it, or else by its customer.
func Title(f bridge.Facts) string {
	for _, v := range All() {
		if v.Title == nil {
			continue
		}
		if title := v.Title(f); title != "" {
			return title
		}
	}
	return shape.PartyName(f.Contact)
}

// Marks shows what verbs set on a conversation, on cards and in lists.
func Marks(f bridge.Facts) []shape.Piece {
	var groups [][]shape.Piece
	for _, v := range All() {
		if v.Mark != nil {
			groups = append(groups, v.Mark(f))
		}
	}
	return shape.JoinPieces(shape.Between, groups...)
}

// InDetails returns the verbs that have a button on the card of details, besides the usual ones.
func InDetails() []bridge.Verb {
	var list []bridge.Verb
	for _, v := range All() {
		if v.Button.Details {
			list = append(list, v.Name)
		}
	}
	return list
}
