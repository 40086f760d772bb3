package view

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/command"
	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bridge"
	"parley/bridge/when"
)

// values of a submitted form, by field name.
type values map[string][]string

func (v values) text(name string) string {
	if len(v[name]) == 0 {
		return ""
	}
	return strings.TrimSpace(v[name][0])
}

func (v values) list(name string) []string {
	var all []string
	for _, s := range v[name] {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// Submit reads a filled form of the verb. Errors are by field name, for people, nil
// when there are none; then Filled is what the person asks for. Fields that the form
// doesn't have are ignored; a time is read at now in the zone (nil means UTC), but stays
// in words.
func Submit(verb bridge.Verb, args bridge.Args, fields map[string][]string, now time.Time, zone *time.Location) (Filled, map[string]string) {
	v := values(fields)
	out := Filled{Verb: verb, Args: args}
	if id := v.text(fieldConversation); id != "" { // Pick
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || n <= 0 {
			return Filled{}, map[string]string{fieldConversation: "Choose a conversation."}
		}
		out.Args.Conversation = n
		return out, nil
	}
	field, problem := "", ""
	switch verb {
	case bridge.VerbReply:
		field, problem = submitReply(&out, v)
	case bridge.VerbNew:
		field, problem = submitStart(&out, v)
	case bridge.VerbNote:
		if out.Text = v.text(fieldText); out.Text == "" {
			field, problem = fieldText, "Say what to note."
		}
	case bridge.VerbAssign:
		field, problem = submitAssign(&out, v)
	case bridge.VerbTag, bridge.VerbUntag:
		field, problem = submitTags(&out, v)
	case bridge.VerbTopic:
		if out.Args.Note = shape.OneLine(v.text(fieldNote), shape.MaxSubjectRunes); out.Args.Note == "" {
			field, problem = fieldNote, "Say what it is about."
		}
	case bridge.VerbSnooze:
		field, problem = submitSnooze(&out, v, now, zone)
	case bridge.VerbResolve, bridge.VerbClose:
		out.Args.Note = v.text(fieldNote)
	case bridge.VerbTemplate:
		field, problem = submitTemplate(&out, v)
	case bridge.VerbTemplateEdit:
		field, problem = submitTemplateEdit(&out, v)
	case bridge.VerbTo, bridge.VerbCC, bridge.VerbAllow:
		field, problem = submitAddresses(&out, v)
	}
	if problem != "" {
		return Filled{}, map[string]string{field: problem}
	}
	return out, nil
}

// replyText takes the escape off. What begins like a note or a verb is a slip here as well
// as in a thread.
func replyText(typed string) (reply, problem string) {
	p := command.Parse(typed, command.Options{})
	switch {
	case typed == "":
		return "", "Say what to send."
	case p.Marker == bridge.MarkNote:
		return "", "This begins like a note. Use the note's form, or put \\ before it to send it."
	case p.Marker == bridge.MarkBang || p.Marker == bridge.MarkSlash:
		return "", "This begins like a command. Put \\ before it to send it."
	}
	return p.Text, ""
}

func submitAssign(out *Filled, v values) (field, problem string) {
	out.Args.Agents, out.Args.Team, out.Args.Note = v.list(fieldPeople), v.text(fieldTeam), v.text(fieldNote)
	switch {
	case len(out.Args.Agents) == 0 && out.Args.Team == "":
		return fieldPeople, "Choose somebody, or a team."
	case len(out.Args.Agents) > 0 && out.Args.Team != "":
		return fieldTeam, "Choose either people or a team."
	}
	return "", ""
}

func submitTags(out *Filled, v values) (field, problem string) {
	out.Args.Tags = v.list(fieldTags)
	for _, t := range typed.Tags(v.text(fieldNew)) {
		if !slices.ContainsFunc(out.Args.Tags, func(s string) bool { return strings.EqualFold(s, t) }) {
			out.Args.Tags = append(out.Args.Tags, t)
		}
	}
	if len(out.Args.Tags) == 0 && out.Verb == bridge.VerbTag {
		return fieldNew, "Choose or name at least one tag."
	}
	if len(out.Args.Tags) == 0 {
		return fieldTags, "Choose at least one tag."
	}
	return "", ""
}

func submitSnooze(out *Filled, v values, now time.Time, zone *time.Location) (field, problem string) {
	field, out.Args.Until = fieldOther, v.text(fieldOther)
	if out.Args.Until == "" {
		field, out.Args.Until = fieldUntil, v.text(fieldUntil)
	}
	if out.Args.Until == "" {
		return fieldUntil, "Choose a time."
	}
	if _, err := when.Parse(out.Args.Until, now, zone); err != nil {
		var e *when.Error
		if errors.As(err, &e) {
			return field, e.Text + " " + e.Hint
		}
		return field, "I can't read this time."
	}
	return "", ""
}

func submitAddresses(out *Filled, v values) (field, problem string) {
	list, removed, wrong := typed.Addresses(v.text(fieldAddresses))
	switch {
	case wrong != "":
		return fieldAddresses, "“" + shape.OneLine(wrong, 60) + "” is no address."
	case removed > 0:
		return fieldAddresses, "Leave out the - in front."
	case len(list) == 0:
		return fieldAddresses, "Name at least one address."
	}
	out.Args.Addresses = list
	out.Args.Remove = out.Verb == bridge.VerbCC && v.text(fieldDo) == "remove"
	return "", ""
}
