package command

import (
	"regexp"
	"strconv"
	"strings"

	"parley/bot/typed"
	"parley/bridge"
)

// word is the name of a verb as typed.
var word = regexp.MustCompile(`^(?:[\p{L}\p{N}_-]+|\?)`)

// verb reads a verb and its arguments, the sign before it cut off.
func verb(text string, marker bridge.Marker, opt Options) Parsed {
	name := word.FindString(text)
	if marker == bridge.MarkSlash && strings.EqualFold(name, "parley") {
		if text = typed.Trim(text[len(name):]); text == "" {
			return Parsed{Verb: bridge.VerbHelp, Marker: marker}
		}
		return verb(text, marker, opt)
	}
	u, p, ok := lookup(name)
	if !ok {
		return unknown(name, text[len(name):], marker, opt)
	}
	rest := strings.TrimPrefix(text[len(name):], ":")
	p = u.arguments(p, name, typed.Trim(rest), marker, opt)
	if p.Verb == bridge.VerbReply && p.Text != "" {
		p.Marker, p.Explicit = bridge.MarkNone, true // the sign belonged to the verb
	}
	return p
}

// lookup finds the verb of a word; the name of a list is VerbList with it.
func lookup(name string) (Usage, Parsed, bool) {
	if u, ok := Help(name); ok && name != "" {
		return u, Parsed{Verb: u.Verb}, true
	}
	if list, ok := listName(strings.ToLower(name)); ok {
		u, _ := Help(string(bridge.VerbList))
		u.shape = shapeNothing
		return u, Parsed{Verb: u.Verb, Args: bridge.Args{List: list}}, true
	}
	return Usage{}, Parsed{}, false
}

// unknown is what looks like a verb and isn't one; rest follows its word.
func unknown(name, rest string, marker bridge.Marker, opt Options) Parsed {
	sign := map[bridge.Marker]string{bridge.MarkBang: "!", bridge.MarkSlash: "/"}[marker]
	text := "There is no command “" + sign + typed.Clip(name) + "”."
	near := nearest(name)
	offer := meant(near, rest, marker, opt)
	switch {
	case name == "":
		text = "A command follows “" + sign + "” directly."
	case strings.EqualFold(name, "c"), strings.EqualFold(name, "canned"):
		text = "“" + sign + typed.Clip(name) + "” will insert a canned reply, but there are none yet. Approved templates are there: " + sign + "template"
		offer = &bridge.Meant{Verb: bridge.VerbTemplate} // its form asks which
	case near != "":
		text += " Did you mean " + sign + near + "?"
	}
	return Parsed{Verb: bridge.VerbUnknown, Marker: marker, Unknown: name, Err: text, Args: bridge.Args{Note: text}, Meant: offer}
}

// meant reads what follows a mistyped verb as if it had been typed right; nil where no button may
// stand for the verb, since it would send something or needs more than its arguments.
func meant(name, rest string, marker bridge.Marker, opt Options) *bridge.Meant {
	u, ok := Help(name)
	if !ok || !offered(u.Verb) {
		return nil
	}
	p := u.arguments(Parsed{Verb: u.Verb}, name, typed.Trim(strings.TrimPrefix(rest, ":")), marker, opt)
	if p.Verb != u.Verb {
		return nil // nobody knows what its arguments mean
	}
	return &bridge.Meant{Verb: p.Verb, Args: p.Args}
}

// offered says that a button may stand for a verb that was mistyped.
func offered(verb bridge.Verb) bool {
	switch verb {
	case bridge.VerbTake, bridge.VerbAssign, bridge.VerbUnassign, bridge.VerbTag, bridge.VerbUntag, bridge.VerbTopic, bridge.VerbPending, bridge.VerbSnooze, bridge.VerbWake,
		bridge.VerbResolve, bridge.VerbReopen, bridge.VerbClose, bridge.VerbCC, bridge.VerbTo, bridge.VerbAllow:
		return true
	}
	return false
}

// wrong is a verb whose arguments can't be used; nothing is done.
func wrong(name string, marker bridge.Marker, text string) Parsed {
	return Parsed{Verb: bridge.VerbUnknown, Marker: marker, Unknown: name, Err: text, Args: bridge.Args{Note: text}}
}

// arguments reads the rest of the line into p.
func (u Usage) arguments(p Parsed, name, rest string, marker bridge.Marker, opt Options) Parsed {
	p.Marker = marker
	if rest == "" {
		p.Err = u.missing
		if u.shape == shapeList {
			p.Args.List = "mine"
		}
		return p
	}
	bad := ""
	switch u.shape {
	case shapeNothing:
		if strings.Trim(rest, ".! ") != "" {
			bad = "Nothing may follow “" + u.Words[0] + "”."
		}
	case shapeText:
		p.Text = rest
		if u.Verb == bridge.VerbReply {
			p.Args.Promotional = strings.EqualFold(name, promoWord)
			p.Text, bad = replyText(rest, opt)
		}
	case shapeNote, shapeTopic:
		p.Args.Note = rest
	case shapePeople:
		bad = people(&p.Args, rest, opt)
	case shapeTags:
		if p.Args.Tags = typed.Tags(rest); len(p.Args.Tags) == 0 {
			p.Err = u.missing
		}
	case shapeTime:
		p.Args.Until = rest
	case shapeAddresses:
		bad = addresses(&p.Args, u.Verb, rest)
	case shapeStart:
		if bad = start(&p, rest, opt); p.Text == "" {
			p.Err = u.missing
		}
	case shapeList:
		list, ok := listName(strings.ToLower(rest))
		if p.Args.List = list; !ok {
			bad = "There is no list “" + typed.Clip(rest) + "”. Try: mine, unassigned, team, all, snoozed, resolved, closed"
		}
	case shapePage:
		page, err := strconv.Atoi(rest)
		if p.Args.Page = page - 1; err != nil || page < 1 {
			bad = "Say which page: !" + u.Words[0] + " 2"
		}
	case shapeFind:
		if id, after := number(rest); id > 0 && after == "" {
			p.Args.Conversation = id
		} else {
			p.Args.Note = rest
		}
	}
	if bad != "" {
		return wrong(name, marker, bad)
	}
	return p
}

// replyText takes the escape off what is to be sent. What begins like a note or a verb
// is a slip, even behind "reply".
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

// nearest gives the verb's word that a slip of at most two letters made into name.
func nearest(name string) string {
	name = strings.ToLower(name)
	best, found := 3, ""
	for _, u := range All() {
		for _, w := range u.Words {
			if d := distance(name, w); len(w) > 3 && d < best && d < len(w)/2 {
				best, found = d, w
			}
		}
	}
	return found
}

// distance counts the letters to insert, drop, change or swap with their neighbour.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 2*len(y)+4 {
		return len(x)
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case x[i-1] == y[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			}
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
