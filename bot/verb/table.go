package verb

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"

	"parley/bot/shape"
	"parley/bridge"
)

// A verb is a command such as "assign" or "snooze", which people can type, click, or express with an emoji.
// This file has the table of all verbs. Help, the parser of typed commands, buttons, menus and reactions all
// use it, so a new verb is described in a file of its own and added only to makeTable.

// makeTable returns all verbs in the order of the help page.
func makeTable() []*Verb {
	return slices.Concat([]*Verb{
		replyVerb(),
		noteVerb(),
		templateVerb(),
		startVerb(),
		undoVerb(),
		oopsVerb(),
		takeVerb(),
		assignVerb(),
		unassignVerb(),
		visibleVerb(),
		tagVerb(),
		untagVerb(),
		tagMessagesVerb(),
		topicVerb(),
		renameVerb(),
		priorityVerb(),
		pinVerb(),
		unpinVerb(),
		analysisVerb(),
		pendingVerb(),
		readVerb(),
		snoozeVerb(),
		wakeVerb(),
		resolveVerb(),
		reopenVerb(),
		closeVerb(),
		mergeVerb(),
		unmergeVerb(),
		splitVerb(),
		archiveVerb(),
		deleteVerb(),
		blockVerb(),
		unblockVerb(),
		ccVerb(),
		toVerb(),
		allowVerb(),
		emailVerb(),
		askVerb(),
		historyVerb(),
		notesVerb(),
		whyVerb(),
		timelineVerb(),
		aiVerb(),
		listVerb(),
		showVerb(),
		nextVerb(),
		todayVerb(),
		chatVerb(),
		severalVerb(),
		statsVerb(),
	}, customerVerbs(), presenceVerbs(), []*Verb{
		templatesVerb(),
		cannedVerb(),
		cannedListVerb(),
		cannedEditVerb(),
		helpVerb(),
		sendVerb(),
		sendThereVerb(),
		keepVerb(),
		dropVerb(),
		sendAgainVerb(),
		markSentVerb(),
		templateEditVerb(),
		templateDeleteVerb(),
		leaveVerb(),
		promoteVerb(),
		forwarderVerb(),
		silenceVerb(),
		unsilenceVerb(),
	})
}

// table caches the result of makeTable. It can't be a sync.OnceValue: functions in the table look up verbs,
// and Go rejects that as an initialization cycle.
var table atomic.Pointer[[]*Verb] //nolint:gochecknoglobals // a table that never changes

// All returns all verbs in the order of the help page. The caller must not modify the list or the verbs.
func All() []*Verb {
	if all := table.Load(); all != nil {
		return *all
	}
	all := makeTable()
	table.Store(&all)
	return all
}

// Find returns the verb that a word names, with or without a sign: "snooze", "!snooze" and "/s" are the same
// verb. It returns false for other words.
func Find(word string) (*Verb, bool) {
	word = strings.TrimLeft(strings.ToLower(strings.TrimSpace(word)), "!/")
	for _, v := range All() {
		if slices.Contains(v.Typed.Words, word) {
			return v, true
		}
	}
	return nil, false
}

// Of returns the verb with a name. If the table has no such verb, the result has only the name.
func Of(name bridge.Verb) *Verb {
	for _, v := range All() {
		if v.Name == name {
			return v
		}
	}
	return &Verb{Name: name}
}

// OfferedInThread returns the words that a chat suggests while a person types in a thread.
func OfferedInThread() []string { return offeredWords(func(v *Verb) Offer { return v.Menus.InThread }) }

// OfferedInChat returns the words that a chat suggests in a direct chat with the app.
func OfferedInChat() []string { return offeredWords(func(v *Verb) Offer { return v.Menus.InChat }) }

// offeredWords returns the words of the verbs that have an offer, in the order of their offers.
func offeredWords(offerOf func(*Verb) Offer) []string {
	offered := slices.DeleteFunc(slices.Clone(All()), func(v *Verb) bool { return offerOf(v).Order == 0 })
	slices.SortFunc(offered, func(a, b *Verb) int { return cmp.Compare(offerOf(a).Order, offerOf(b).Order) })
	words := make([]string, len(offered))
	for i, v := range offered {
		words[i] = cmp.Or(offerOf(v).Word, v.Typed.Words[0])
	}
	return words
}

// InMenu returns the verbs of a message's menu in order.
func InMenu() []*Verb {
	verbs := slices.DeleteFunc(slices.Clone(All()), func(v *Verb) bool { return v.Menus.Message == nil })
	slices.SortFunc(verbs, func(a, b *Verb) int { return cmp.Compare(a.Menus.Message.Order, b.Menus.Message.Order) })
	return verbs
}

// Emoji returns the verb that an emoji stands for by default; a team may configure others. name is the
// emoji's shortcode, with or without colons and skin tone. It returns false for other emoji. Parley itself
// marks messages with two of these emoji. If a person adds them, the mark of a waiting message cancels the
// message, and the mark of an internal message keeps it internal.
func Emoji(name string) (bridge.Verb, bridge.Args, bool) {
	name = bridge.EmojiName(name)
	for _, v := range All() {
		if slices.Contains(v.Emoji, name) {
			return v.Name, bridge.EmojiArgs(v.Name), true
		}
	}
	return "", bridge.Args{}, false
}

// Reaction returns the verb for an emoji that a person added to a message or removed from it. An added emoji is the
// verb it stands for, if any. Otherwise the verb is VerbReact or VerbUnreact, which only records the reaction.
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

// Title returns the title of a conversation on cards and in lists: the one that an agent gave it, or the
// customer's name.
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

// Marks returns the marks of a conversation on cards and in lists, such as its priority.
func Marks(f bridge.Facts) []shape.Piece {
	var groups [][]shape.Piece
	for _, v := range All() {
		if v.Mark != nil {
			groups = append(groups, v.Mark(f))
		}
	}
	return shape.JoinPieces(shape.Between, groups...)
}

// InDetails returns the verbs that have an extra button on the card with a conversation's details.
func InDetails() []bridge.Verb {
	var names []bridge.Verb
	for _, v := range All() {
		if v.Button.Details {
			names = append(names, v.Name)
		}
	}
	return names
}
