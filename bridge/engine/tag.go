package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

const (
	maxTagRunes = 40
	maxTags     = 20
)

// tag adds or removes tags; new ones are created.
func (w *work) tag(r request) {
	c, surface, a := r.conv, r.surface, r.Action
	var names []string
	for _, name := range a.Args.Tags {
		name = tidyTag(name)
		if name == "" || len([]rune(name)) > maxTagRunes {
			w.refuse(r, "bad_tag", "A tag has 1 to 40 letters.", "For example: !tag Billing, Urgent")
			return
		}
		names = append(names, name)
	}
	tags, added := slices.Clone(c.Tags), 0
	for _, name := range names {
		at := slices.IndexFunc(tags, func(t string) bool { return strings.EqualFold(t, name) })
		switch {
		case a.Verb == bridge.VerbUntag && at >= 0:
			tags = slices.Delete(tags, at, at+1)
		case a.Verb == bridge.VerbTag && at < 0:
			tags = append(tags, name)
			added++
		}
	}
	switch {
	case len(tags) > maxTags:
		w.refuse(r, "too_many_tags", "A conversation has at most 20 tags.", "Remove one first: !untag name")
		return
	case slices.Equal(tags, c.Tags):
		w.unchanged(r)
		return
	}
	created := w.tags.spell(tags[len(tags)-added:])
	c.Tags = tags
	what := store.DeedTagged
	if a.Verb == bridge.VerbUntag {
		what = store.DeedUntagged
	}
	w.log.byAgent(c, r.agent, what, detail{Text: strings.Join(a.Args.Tags, ", ")})
	if len(created) > 0 && a.Origin != bridge.OriginForm { // in the form, new tags are asked for by name
		w.confirm(c, surface, a, bridge.Line{Content: &bridge.TaggedLine{New: bridge.TagsCreated}, Verb: a.Verb,
			Args: bridge.Args{Conversation: c.ID, Tags: created}})
	}
	c.refreshCard()
}

// topic names what the conversation is about.
func (w *work) topic(r request) {
	topic := strings.Join(strings.Fields(r.Args.Note), " ")
	if topic == "" || len([]rune(topic)) > 200 {
		w.refuse(r, "bad_topic", "A topic has 1 to 200 letters.", "For example: !topic Broken printer")
		return
	}
	r.conv.Subject = topic
	w.log.byAgent(r.conv, r.agent, store.DeedNamed, detail{Text: topic})
	r.conv.refreshCard()
}
