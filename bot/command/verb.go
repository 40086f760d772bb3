package command

import (
	"regexp"
	"strconv"
	"strings"

	"parley/bot/typed"
	"parley/bot/verb"
	"parley/bridge"
)

var verbName = regexp.MustCompile(`^(?:[\p{L}\p{N}_-]+|\?)`)

// readVerb reads a verb and its arguments; the sign before the verb is already cut off.
func readVerb(text string, marker bridge.Marker, opt Options) Parsed {
	word := verbName.FindString(text)
	name := foldWidth(word)
	if marker == bridge.MarkSlash && strings.EqualFold(name, "parley") { // "/parley snooze 2h"
		text = typed.Trim(text[len(word):])
		if text == "" {
			return Parsed{Verb: bridge.VerbHelp, Marker: marker}
		}
		return readVerb(text, marker, opt)
	}

	v, p, ok := findVerb(name)
	if !ok {
		return unknownVerb(word, text[len(word):], marker, opt)
	}

	rest, _ := cutColon(text[len(word):])
	p = readArguments(v, p, name, typed.Trim(rest), marker, opt)
	if p.Verb == bridge.VerbReply && p.Text != "" {
		p.Marker = bridge.MarkNone // the sign belonged to the verb
		p.Explicit = true
	}

	return p
}

// findVerb finds the verb of a word. The name of a list is VerbList with that list, and nothing may follow it.
func findVerb(name string) (*verb.Verb, Parsed, bool) {
	v, ok := verb.Find(name)
	if ok && name != "" {
		return v, Parsed{Verb: v.Name}, true
	}
	if name, ok := listName(strings.ToLower(name)); ok {
		list := *verb.Of(bridge.VerbList)
		list.Typed.Rest = verb.RestNothing
		return &list, Parsed{Verb: list.Name, Args: bridge.Args{ListArgs: bridge.ListArgs{List: name}}}, true
	}
	return nil, Parsed{}, false
}

// signOf returns what is typed for a marker of verbs; "" if none is.
func signOf(marker bridge.Marker) string {
	return map[bridge.Marker]string{bridge.MarkBang: "!", bridge.MarkSlash: "/"}[marker]
}

// refuseVerb makes the result for a verb whose arguments can't be used: nothing is done, and text says why.
func refuseVerb(name string, marker bridge.Marker, text string) Parsed {
	return Parsed{Verb: bridge.VerbUnknown, Marker: marker, Unknown: name, Err: text, Args: bridge.Args{Note: text}}
}

// readArguments reads the rest of a verb's line into p.
func readArguments(v *verb.Verb, p Parsed, name, rest string, marker bridge.Marker, opt Options) Parsed {
	p.Marker = marker
	if rest == "" && v.Typed.Rest != verb.RestTextRequest {
		p.Err = v.Typed.Missing
		if v.Typed.Rest == verb.RestList {
			p.Args.List = bridge.ListMine
		}
		return p
	}
	if bad := p.readRest(v, name, rest, opt); bad != "" {
		return refuseVerb(name, marker, bad)
	}
	return p
}

// readRest reads what follows a verb's word into p; bad says for people what is wrong.
func (p *Parsed) readRest(v *verb.Verb, name, rest string, opt Options) (bad string) {
	switch v.Typed.Rest {
	case verb.RestNothing:
		if strings.Trim(rest, ".! ") != "" {
			bad = "Nothing may follow “" + v.Typed.Words[0] + "”."
		}
	case verb.RestText:
		p.Text = rest
	case verb.RestReply:
		p.Args.Promotional = strings.EqualFold(name, verb.PromoWord)
		p.Text, bad = replyText(rest, opt)
	case verb.RestNote, verb.RestTopic:
		p.Args.Note = rest
	case verb.RestPeople:
		bad = readPeople(&p.Args, rest, opt)
	case verb.RestTags:
		p.Args.Tags = typed.Tags(rest)
		if len(p.Args.Tags) == 0 {
			p.Err = v.Typed.Missing
		}
	case verb.RestTime:
		p.Args.Until = rest
	case verb.RestAddresses, verb.RestCopies:
		bad = readAddresses(&p.Args, v.Typed.Rest, rest)
	case verb.RestStart:
		bad = readStart(p, rest, opt)
		if p.Text == "" {
			p.Err = v.Typed.Missing
		}
	case verb.RestTextRequest:
		bad = readTextRequest(p, name, rest)
	case verb.RestList:
		bad = readList(&p.Args, rest)
	case verb.RestPage:
		bad = readPage(&p.Args, v, rest)
	case verb.RestFind:
		readFind(&p.Args, name, rest)
	}
	return bad
}

func readList(args *bridge.Args, rest string) (bad string) {
	list, ok := listName(strings.ToLower(foldWidth(rest)))
	args.List = list
	if !ok {
		bad = "There is no list “" + typed.Clip(rest) + "”. Try: mine, unassigned, team, all, snoozed, resolved, closed"
	}
	return bad
}

// readPage reads the number of a page. People count pages from 1.
func readPage(args *bridge.Args, v *verb.Verb, rest string) (bad string) {
	page, err := strconv.Atoi(foldWidth(rest))
	args.Page = page - 1
	if err != nil || page < 1 {
		bad = "Say which page: !" + v.Typed.Words[0] + " 2"
	}
	return bad
}

// readFind reads what is looked for:
//
//	show 12      conversation 12
//	find #12     the same
//	find 12      conversation 12, or what is found by the word "12"
//	find 12 kg   what is found by these words
func readFind(args *bridge.Args, name, rest string) {
	id, after := cutNumber(numberAtStart, rest)
	isNumber := id != 0 && after == ""
	if isNumber {
		args.Conversation = id
	}
	mayBeWord := strings.EqualFold(name, verb.FindWord) && !strings.HasPrefix(rest, "#")
	if !isNumber || mayBeWord {
		args.Note = rest
	}
}

// replyText takes the escape off a text that is to be sent. A text that begins like a note or a verb
// is refused as a slip, even behind "reply".
func replyText(text string, opt Options) (reply, bad string) {
	switch p := Parse(text, opt); p.Marker {
	case bridge.MarkNote:
		return text, "That begins like a note. Put \\ before it to send it."
	case bridge.MarkBang, bridge.MarkSlash:
		return text, "That begins like a command. Put \\ before it to send it."
	case bridge.MarkNone, bridge.MarkLone, bridge.MarkColleagues:
		if p.Verb == bridge.VerbSay {
			return p.Text, ""
		}
	}
	return text, ""
}
