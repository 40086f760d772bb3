package workflow

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
	"parley/store/suggestion"
)

const (
	maxTags       = 20 // of a conversation
	maxTopicRunes = 200
)

// Tag applies tag and untag. Tags that don't exist are made.
func (wf *UseCases) Tag(r book.Request) {
	c, a := r.Conversation, r.Action
	var names []string
	for _, name := range a.Args.Tags {
		name = book.TidyTag(name)
		if name == "" || len([]rune(name)) > bridge.MaxTagRunes {
			wf.Refuse(r, "bad_tag", "A tag has 1 to 40 letters.", "For example: !tag Billing, Urgent")
			return
		}

		names = append(names, wf.Tags.SpellingOf(name))
	}

	before := wf.Dir.CurrentTagNames(c.Tags)
	tags := slices.Clone(before)
	added := 0 // how many names were added, at the end of tags
	for _, name := range names {
		at := slices.IndexFunc(tags, func(t string) bool { return strings.EqualFold(t, name) })
		hasTag := at >= 0
		if hasTag && a.Verb == bridge.VerbUntag {
			c.Remember(bridge.TraitUntagged, tags[at])
			wf.Suggestions.Settle(c, suggestion.Tag, tags[at], suggestion.Ignored)
			tags = slices.Delete(tags, at, at+1)
		}

		if !hasTag && a.Verb == bridge.VerbTag {
			tags = append(tags, name)
			added++
		}
	}

	if len(tags) > maxTags {
		wf.Refuse(r, "too_many_tags", "A conversation has at most 20 tags.", "Remove one first: !untag name")
		return
	}
	if slices.Equal(tags, before) {
		wf.Unchanged(r)
		return
	}

	newTags := tags[len(tags)-added:] // shares its memory with tags: SpellAndMake changes spellings in both
	created := wf.Tags.SpellAndMake(newTags)
	for _, name := range newTags {
		wf.Suggestions.Settle(c, suggestion.Tag, name, suggestion.Used)
	}

	c.Tags = tags
	deed := store.DeedTagged
	if a.Verb == bridge.VerbUntag {
		deed = store.DeedUntagged
	}
	wf.Log.ByAgent(c, r.Agent, deed, book.Detail{Text: strings.Join(a.Args.Tags, ", ")})

	if len(created) > 0 && a.Origin != bridge.OriginForm { // a form has a field for new tags, so that nobody is surprised
		wf.Confirm(c, r.Surface, a, bridge.Line{Content: &bridge.TaggedLine{New: bridge.TagsCreated}, Verb: a.Verb,
			Args: bridge.Args{Conversation: c.ID, Tags: created}})
	}

	c.RefreshCard()
}

// Topic names what the conversation is about.
func (wf *UseCases) Topic(r book.Request) {
	topic := strings.Join(strings.Fields(r.Args.Note), " ")
	if topic == "" || len([]rune(topic)) > maxTopicRunes {
		wf.Refuse(r, "bad_topic", "A topic has 1 to 200 letters.", "For example: !topic Broken printer")
		return
	}
	r.Conversation.Subject = topic
	wf.Log.ByAgent(r.Conversation, r.Agent, store.DeedNamed, book.Detail{Text: topic})
	r.Conversation.RefreshCard()
}
