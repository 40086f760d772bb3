package verb

import (
	"cmp"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

var verbName = regexp.MustCompile(`^(?:[\p{L}\p{N}_-]+|\?)`)

// A command consists of a sign, a verb and the verb's arguments: "!snooze 2h". This file parses the verb and
// its arguments. The syntax of the arguments depends on the verb: verb.Rest names the kind, and readRest has
// one case for each.

// readVerb parses a verb and its arguments. The sign before the verb is already removed.
func readVerbCommand(text string, marker bridge.Marker, opt Options) Parsed {
	word := verbName.FindString(text)
	name := foldWidth(word)
	if marker == bridge.MarkSlash && strings.EqualFold(name, "parley") { // "/parley snooze 2h"
		text = shape.Trim(text[len(word):])
		if text == "" {
			return Parsed{Verb: bridge.VerbHelp, Marker: marker}
		}
		return readVerbCommand(text, marker, opt)
	}

	v, p, ok := findVerb(name)
	if !ok {
		return unknownVerb(word, text[len(word):], marker, opt)
	}

	rest, _ := cutColon(text[len(word):])
	p = readArguments(v, p, name, shape.Trim(rest), marker, opt)
	if p.Verb == bridge.VerbReply && p.Text != "" {
		p.Explicit = true
	}

	return p
}

// findVerb returns the verb that a word names. The name of a list ("mine") stands for VerbList with that
// list.
func findVerb(name string) (*Verb, Parsed, bool) {
	v, ok := Find(name)
	if ok && name != "" {
		return v, Parsed{Verb: v.Name}, true
	}
	if name, ok := listName(strings.ToLower(name)); ok {
		list := Of(bridge.VerbList)
		return list, Parsed{Verb: list.Name, Args: bridge.Args{ListArgs: bridge.ListArgs{List: name}}}, true
	}
	return nil, Parsed{}, false
}

// signOf returns the sign that an agent types for a marker: "!" or "/". It returns "" for other markers.
func signOf(marker bridge.Marker) string {
	return map[bridge.Marker]string{bridge.MarkBang: "!", bridge.MarkSlash: "/"}[marker]
}

// refuseVerb returns the result for a command that can't be done. reason tells the agent why.
func refuseVerb(name string, marker bridge.Marker, reason string) Parsed {
	return Parsed{Verb: bridge.VerbUnknown, Marker: marker, Unknown: name, Err: reason, Args: bridge.Args{Note: reason}}
}

// readArguments parses the arguments of a verb and returns p with them. p is the verb without arguments, and
// name is the word that was typed for it.
func readArguments(v *Verb, p Parsed, name, rest string, marker bridge.Marker, opt Options) Parsed {
	p.Marker = marker
	if rest == "" && v.Typed.Rest != RestTextRequest {
		p.Err = v.Typed.Missing
		if v.Typed.Rest == RestList {
			p.Args.List = cmp.Or(p.Args.List, bridge.ListMine)
		}
		return p
	}
	if problem := p.readRest(v, name, rest, opt); problem != "" {
		return refuseVerb(name, marker, problem)
	}
	if p.Verb == bridge.VerbReply && p.Text != "" {
		p.Marker = markerBelow(p.Text, opt) // the sign before the verb is none of the text's
	}
	return p
}

// readRest parses rest into p; it is empty only for RestTextRequest. problem is a message for the agent if the
// arguments can't be used, and otherwise "".
func (p *Parsed) readRest(v *Verb, name, rest string, opt Options) (problem string) {
	switch v.Typed.Rest {
	case RestNothing:
		if strings.Trim(rest, ".! ") != "" {
			problem = "Nothing may follow “" + v.Typed.Words[0] + "”."
		}
	case RestText:
		p.Text = rest
	case RestReply:
		p.Args.Promotional = strings.EqualFold(name, PromoWord)
		p.Text, problem = replyText(rest, opt)
	case RestNote, RestTopic, RestOther:
		p.Args.Note = rest
	case RestPeople:
		problem = readPeople(&p.Args, rest, opt)
	case RestTags:
		p.Args.Tags = shape.Tags(rest)
		if len(p.Args.Tags) == 0 {
			p.Err = v.Typed.Missing
		}
	case RestTime:
		p.Args.Until = rest
	case RestAbsence:
		problem = readAbsence(&p.Args, rest, opt)
	case RestAddresses, RestCopies:
		problem = readAddressesCommand(&p.Args, v.Typed.Rest, rest)
	case RestEmail:
		words := strings.Fields(rest)
		n := 0
		for n < len(words) && strings.Contains(words[n], "@") {
			n++
		}
		problem = readAddressesCommand(&p.Args, v.Typed.Rest, strings.Join(words[:n], " "))
		p.Args.Subject = strings.Join(words[n:], " ")
	case RestAsk:
		problem = readAsk(p, rest, opt)
		if p.Text == "" {
			p.Err = v.Typed.Missing
		}
	case RestStart:
		problem = readStartCommand(p, rest, opt)
		if p.Text == "" {
			p.Err = v.Typed.Missing
		}
	case RestTextRequest:
		problem = readTextRequest(p, name, rest)
	case RestList:
		problem = readList(&p.Args, rest, opt)
	case RestPage:
		problem = readPage(&p.Args, v, rest)
	case RestFind:
		readFind(&p.Args, name, rest)
	}
	return problem
}

// readList parses "unassigned channel:whatsapp sort:newest". If args name a list already, only words with a key may follow.
func readList(args *bridge.Args, rest string, opt Options) (problem string) {
	if args.List == "" {
		word := firstWord(foldWidth(rest))
		list, ok := listName(strings.ToLower(word))
		switch {
		case ok:
			args.List, rest = list, shape.Trim(foldWidth(rest)[len(word):])
		case strings.Contains(word, ":"):
			args.List = bridge.ListMine
		default:
			return "There is no list “" + shape.Clip(rest) + "”. Try: " + strings.Join(ListWords(), ", ")
		}
	}

	for token, user := range opt.Mentions {
		rest = strings.ReplaceAll(rest, token, user)
	}
	view, err := bridge.ParseListView(shape.Unlink(rest))
	if p, ok := errors.AsType[*bridge.Problem](err); ok {
		return p.Text + " " + p.Hint
	}
	args.View = view
	return ""
}

var (
	untilWord = regexp.MustCompile(`^(?i:until|till|for|bis)[\s\p{Zs}]+`)
	coverWord = regexp.MustCompile(`(?:^|[\s\p{Zs}])(?i:covered by|cover|vertretung)[\s\p{Zs}:]+`)
)

// readAbsence parses "until monday cover @ben". Either part may be missing.
func readAbsence(args *bridge.Args, rest string, opt Options) (problem string) {
	if at := coverWord.FindStringIndex(rest); at != nil {
		if problem := readPeople(args, rest[at[1]:], opt); problem != "" {
			return problem
		}
		if len(args.Agents) != 1 || args.Note != "" {
			return "One person covers, and is named last: away until monday cover @ben"
		}
		rest = rest[:at[0]]
	}
	args.Until = shape.Trim(untilWord.ReplaceAllString(shape.Trim(rest), ""))
	return ""
}

// readPage parses the number of a page, which people count from 1 and Args.Page from 0.
func readPage(args *bridge.Args, v *Verb, rest string) (problem string) {
	page, err := strconv.Atoi(foldWidth(rest))
	args.Page = page - 1
	if err != nil || page < 1 {
		problem = "Say which page: !" + v.Typed.Words[0] + " 2"
	}
	return problem
}

// readFind parses a conversation number, search words, or both:
//
//	show 12      conversation 12
//	find #12     conversation 12
//	find 12      conversation 12, or the conversations that contain the word "12"
//	find 12 kg   the conversations that contain these words
func readFind(args *bridge.Args, name, rest string) {
	id, after := cutNumber(numberAtStart, rest)
	isNumber := id != 0 && after == ""
	if isNumber {
		args.Conversation = id
	}
	mayBeWord := strings.EqualFold(name, FindWord) && !strings.HasPrefix(rest, "#")
	if !isNumber || mayBeWord {
		args.Note = rest
	}
}

// replyText returns a text for the customer without its escape. A text that begins like a note or a command
// is refused even after "reply", since it is more likely a mistake: "!reply note: he lies". problem tells the
// agent so.
func replyText(text string, opt Options) (reply, problem string) {
	switch p := Parse(text, opt); p.Marker {
	case bridge.MarkNote:
		return text, "That begins like a note. Put \\ before it to send it."
	case bridge.MarkBang, bridge.MarkSlash:
		return text, "That begins like a command. Put \\ before it to send it."
	case bridge.MarkNone, bridge.MarkLone, bridge.MarkColleagues, bridge.MarkNoteBelow, bridge.MarkCommandBelow:
		if p.Verb == bridge.VerbSay {
			return p.Text, ""
		}
	}
	return text, ""
}
