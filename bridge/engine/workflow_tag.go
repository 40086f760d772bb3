package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// Agents tag conversations with "!tag Billing, Urgent" and remove tags with "!untag Urgent", or use a form.
// Names are compared without regard to case, so "billing" becomes the existing tag "Billing". A name that
// doesn't exist yet becomes a new tag.

// per conversation

func tagVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbTag, Deed: store.DeedTagged},
		Do:    (*work).AddTags,
	}
}

// AddTags adds the tags that a request names.
func (w *work) AddTags(r Request) { w.changeTags(r, addTags) }

func untagVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbUntag, Deed: store.DeedUntagged},
		Do:    func(w *work, r Request) { w.changeTags(r, untag) },
	}
}

// changeTags checks the names in a request and calls change with the conversation's tags (before) and the names
// in the spelling of existing tags.
func (w *work) changeTags(r Request, change func(w *work, r Request, before, names []string)) {
	if names, ok := w.namedTags(r); ok {
		change(w, r, w.Dir.CurrentTagNames(r.Conversation.Tags), names)
	}
}

// namedTags returns the tags that a request names, in the spelling of existing ones. ok is false if it was refused.
func (w *work) namedTags(r Request) (names []string, ok bool) {
	if len(r.Args.Tags) == 0 {
		hint := "For example: !" + string(r.Verb) + " Billing, Urgent"
		if r.Verb == bridge.VerbTagMessages {
			hint = "Choose tags and messages in the form."
		}
		w.Refuse(r, "no_tag", "No tag was named.", hint)
		return nil, false
	}

	names = make([]string, len(r.Args.Tags))
	for i, name := range r.Args.Tags {
		name = TidyTag(name)
		if name == "" || len([]rune(name)) > bridge.MaxTagRunes {
			w.Refuse(r, "bad_tag", "A tag has 1 to 40 letters.", "For example: !tag Billing, Urgent")
			return nil, false
		}
		names[i] = w.Tags.SpellingOf(name)
	}
	return names, true
}

// addTags adds the tags that a conversation doesn't have yet.
func addTags(w *work, r Request, before, names []string) {
	tags := slices.Clone(before)
	for _, name := range names {
		if indexOfTag(tags, name) < 0 {
			tags = append(tags, name)
		}
	}

	added := tags[len(before):]
	if len(tags) > maxTags {
		w.Refuse(r, "too_many_tags", "A conversation has at most 20 tags.", "Remove one first: !untag name")
		return
	}
	if len(added) == 0 {
		w.Unchanged(r)
		return
	}

	if w.asksAboutNearTag(r, added) {
		return
	}

	c := r.Conversation
	created := w.Tags.SpellAndMake(added) // also changes spellings in tags, because added is a part of it
	for _, name := range added {
		w.Suggestions.Settle(c, store.SuggestsTag, name, store.SuggestionUsed)
	}
	setTags(w, r, tags)

	if len(created) > 0 && r.Origin != bridge.OriginForm { // forms have a separate field for new tags
		w.Confirm(r, bridge.Line{
			Content: &bridge.TaggedLine{New: bridge.TagsCreated},
			Verb:    bridge.VerbTag,
			Args:    bridge.Args{Conversation: c.ID, Tags: created},
		})
	}
}

// refuseOnPage tells Parley's own page, which shows no answers with buttons, why nothing was done.
func (w *work) refuseOnPage(r Request, words string) {
	if r.Surface == store.SystemAccount {
		w.Log.RecordRefusal(r, "needs_tag", words)
	}
}

// asksAboutNearTag reports whether one of the tags is new and close to another one, about which it asks.
func (w *work) asksAboutNearTag(r Request, names []string) bool {
	if r.Agent.ID == 0 || r.Args.Sure || r.Several {
		return false
	}
	for _, name := range names {
		if near := w.Tags.NearTo(name); near != "" {
			w.askAboutNearTag(r, near, name)
			return true
		}
	}
	return false
}

// askAboutNearTag asks whether a new tag is wanted beside one that probably means the same. Its button does what was asked for.
func (w *work) askAboutNearTag(r Request, near, name string) {
	w.refuseOnPage(r, "There is already “"+near+"”: use that, or create “"+name+"” in the chat.")
	args := bridge.Args{
		Conversation: r.Conversation.ID, Messages: r.Args.Messages, Tags: r.Args.Tags, Note: r.Args.Note, SendArgs: bridge.SendArgs{Sure: true},
	}
	w.Whisper(r, bridge.Line{
		Content: &bridge.RefusedLine{Why: bridge.InWords("There is already “" + near + "”."), Hint: "Create “" + name + "” anyway?"},
		Verb:    r.Verb,
		Verbs:   []bridge.Verb{r.Verb},
		Args:    args,
		Text:    r.Args.Note,
	})
}

// hasTagToResolve reports whether a conversation may be resolved. Where a tag is required, the request may bring one: chosen in the form,
// or as the first word of the note. Otherwise the agent is asked for it.
func (w *work) hasTagToResolve(r *Request) bool {
	isNeeded := r.Verb == bridge.VerbResolve && r.Agent.ID != 0 && len(r.Conversation.Tags) == 0 && w.Settings(r.Conversation).RequireTag
	if !isNeeded {
		return true
	}
	if tag, rest := w.Tags.Leading(r.Args.Note); tag != "" && len(r.Args.Tags) == 0 {
		r.Args.Tags, r.Args.Note = []string{tag}, rest
	}
	if len(r.Args.Tags) > 0 {
		w.changeTags(*r, addTags)
		return len(r.Conversation.Tags) > 0
	}
	w.refuseOnPage(*r, "It needs a tag first: add one, or begin the note with it, such as #Billing.")
	w.Whisper(*r, bridge.Line{
		Content: &bridge.RefusedLine{Why: bridge.InWords("It needs a tag first."), Hint: "Choose one, or type it: !resolve #Billing"},
		Verb:    r.Verb,
		Verbs:   []bridge.Verb{r.Verb},
		Args:    bridge.Args{Conversation: r.Conversation.ID},
		Text:    r.Args.Note,
	})
	return false
}

// untag removes tags from a conversation. The conversation remembers them, so that they aren't suggested again.
func untag(w *work, r Request, before, names []string) {
	tags := slices.Clone(before)
	for _, name := range names {
		at := indexOfTag(tags, name)
		if at < 0 {
			continue
		}
		r.Conversation.Remember(bridge.TraitUntagged, tags[at])
		w.Suggestions.Settle(r.Conversation, store.SuggestsTag, tags[at], store.SuggestionIgnored)
		tags = slices.Delete(tags, at, at+1)
	}

	if len(tags) == len(before) {
		w.Unchanged(r)
		return
	}
	setTags(w, r, tags)
}

// setTags gives a conversation these tags.
func setTags(w *work, r Request, tags []string) {
	r.Conversation.Tags = tags
	if r.Verb == bridge.VerbResolve { // which brought the tag that it needs
		r.Verb = bridge.VerbTag
	}
	w.Log.Did(r, Detail{Text: strings.Join(r.Args.Tags, ", ")})
	r.Conversation.RefreshCard()
}

// indexOfTag returns the index of a name in tags, ignoring case, or -1.
func indexOfTag(tags []string, name string) int {
	return slices.IndexFunc(tags, func(t string) bool { return strings.EqualFold(t, name) })
}
