package workflow

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/verb"
	"parley/store"
	"parley/store/suggestion"
)

const maxTags = 20 // of a conversation

func tagVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbTag, Deed: store.DeedTagged},
		Wants: func(_ *UseCases, n *book.Prefetch, r book.Request) { n.Tags = append(n.Tags, r.Args.Tags...) },
		Do:    func(wf *UseCases, r book.Request) { wf.changeTags(r, addTags) },
	}
}

func untagVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbUntag, Deed: store.DeedUntagged},
		Do:    func(wf *UseCases, r book.Request) { wf.changeTags(r, untag) },
	}
}

// changeTags has a conversation's tags changed, from those that it has (before), by the names that a request has. Tags that don't
// exist are made.
func (wf *UseCases) changeTags(r book.Request, change func(wf *UseCases, r book.Request, before, names []string)) {
	names := make([]string, len(r.Args.Tags))
	for i, name := range r.Args.Tags {
		name = book.TidyTag(name)
		if name == "" || len([]rune(name)) > bridge.MaxTagRunes {
			wf.Refuse(r, "bad_tag", "A tag has 1 to 40 letters.", "For example: !tag Billing, Urgent")
			return
		}
		names[i] = wf.Tags.SpellingOf(name)
	}

	change(wf, r, wf.Dir.CurrentTagNames(r.Conversation.Tags), names)
}

// addTags adds the tags of names that a conversation doesn't have yet to those that it has (before).
func addTags(wf *UseCases, r book.Request, before, names []string) {
	tags := slices.Clone(before)
	for _, name := range names {
		if indexOfTag(tags, name) < 0 {
			tags = append(tags, name)
		}
	}

	added := tags[len(before):]
	if len(tags) > maxTags {
		wf.Refuse(r, "too_many_tags", "A conversation has at most 20 tags.", "Remove one first: !untag name")
		return
	}
	if len(added) == 0 {
		wf.Unchanged(r)
		return
	}

	c := r.Conversation
	created := wf.Tags.SpellAndMake(added) // it changes spellings in tags, too, which has the same memory
	for _, name := range added {
		wf.Suggestions.Settle(c, suggestion.Tag, name, suggestion.Used)
	}
	setTags(wf, r, tags)

	if len(created) > 0 && r.Origin != bridge.OriginForm { // a form has a field for new tags, so that nobody is surprised
		wf.Confirm(r, bridge.Line{
			Content: &bridge.TaggedLine{New: bridge.TagsCreated},
			Verb:    r.Verb,
			Args:    bridge.Args{Conversation: c.ID, Tags: created},
		})
	}
}

// untag removes names from the tags that a conversation has (before). The conversation remembers that people didn't want them.
func untag(wf *UseCases, r book.Request, before, names []string) {
	tags := slices.Clone(before)
	for _, name := range names {
		at := indexOfTag(tags, name)
		if at < 0 {
			continue
		}
		r.Conversation.Remember(bridge.TraitUntagged, tags[at])
		wf.Suggestions.Settle(r.Conversation, suggestion.Tag, tags[at], suggestion.Ignored)
		tags = slices.Delete(tags, at, at+1)
	}

	if len(tags) == len(before) {
		wf.Unchanged(r)
		return
	}
	setTags(wf, r, tags)
}

// setTags gives a conversation these tags.
func setTags(wf *UseCases, r book.Request, tags []string) {
	r.Conversation.Tags = tags
	wf.Log.Did(r, book.Detail{Text: strings.Join(r.Args.Tags, ", ")})
	r.Conversation.RefreshCard()
}

// indexOfTag returns where a name is among tags, whatever its case; -1 if it isn't there.
func indexOfTag(tags []string, name string) int {
	return slices.IndexFunc(tags, func(t string) bool { return strings.EqualFold(t, name) })
}
