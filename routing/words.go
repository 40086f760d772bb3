package routing

import (
	"fmt"
	"slices"
	"strings"
)

// This file says in words what rules do, and why a decision is as it is. The same words stand on the page of the rules, in the answer
// to "parley route", and in a conversation's log.

// Sentence says what a rule does: "If the language is de, the least busy with the skill german".
func (r Rule) Sentence() string {
	var conditions []string
	for _, c := range r.When.List() {
		conditions = append(conditions, c.words())
	}
	words := r.who()
	if r.By == ByTeam {
		words = "the team " + r.Team + ", whose people get it by the rules below"
	}
	if len(conditions) > 0 {
		return "If " + strings.Join(conditions, " and ") + ", " + words
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// who says whom a rule means.
func (r Rule) who() string {
	switch r.By {
	case ByTeam:
		return "the team " + r.Team
	case ByField:
		return "whom the customer's field " + r.Field + " names"
	case BySkill:
		return "the least busy with the skill " + r.Skill
	default:
		return r.By.Words()
	}
}

// Words says in general whom a way means.
func (b By) Words() string {
	words := map[By]string{
		ByTeam:       "another team",
		ByLastAgent:  "who had the customer last",
		BySalesman:   "the customer's salesman",
		ByField:      "whom a field of the customer names",
		ByBrand:      "the least busy who knows the customer's brand",
		BySkill:      "the least busy with a skill",
		ByLeastLoad:  "who is least busy",
		ByRandom:     "anybody, by lot",
		ByRoundRobin: "whose turn it is",
		ByPin:        "to whom the customer is pinned",
		ByPreset:     "to whom the contact is preset",
		ByFallback:   "the fallback",
	}[b]
	if words == "" {
		return string(b)
	}
	return words
}

// words says a condition, as it follows "if".
func (c Condition) words() string {
	switch c.Name {
	case "channel":
		return "it comes by " + c.Value
	case "tag":
		return "it is tagged " + c.Value
	case "text":
		return "it says “" + c.Value + "”"
	case "intent":
		return "the customer wants " + strings.ReplaceAll(c.Value, "_", " ")
	case "hours":
		return "it is " + c.Value // open or closed
	default:
		return "the " + c.Name + " is " + c.Value
	}
}

// Words says why somebody doesn't get a conversation, after the name.
func (w Why) Words() string {
	words := map[Why]string{
		WhyOtherTeam: "is not in the team",
		WhyGaveBack:  "put it back",
		WhyManual:    "gets nothing by rules",
		WhyAway:      "is away",
		WhyOffDuty:   "is off duty",
		WhyFull:      "has no room",
		WhyBusier:    "is busier",
		WhyLater:     "was given one later",
		WhyNotDrawn:  "was not drawn",
	}[w]
	if words == "" {
		return strings.ReplaceAll(string(w), "_", " ")
	}
	return words
}

// Outcome says who gets the conversation, and by what: "Ben Katz: rule 2, who is least busy".
func (d Decision) Outcome(p Plan, people []Person) string {
	switch {
	case d.Team != "":
		return "the team " + d.Team + ": " + p.part(d.By, d.Rule)
	case d.Person != 0:
		return nameOf(people, d.Person) + ": " + p.part(d.By, d.Rule)
	default:
		return "nobody: it waits in the queue"
	}
}

// Reasons says what was tried before, and why nobody else gets the conversation, in a line each: "rule 1, the customer's salesman:
// nobody", "not chosen: Ann Lee is away, Cat Ray is busier".
func (d Decision) Reasons(p Plan, people []Person) []string {
	var lines []string
	for _, s := range d.Tried {
		words := invalidWords(people, s.Invalid)
		switch {
		case s.Unmet != "":
			words = "only if " + p.Rules[s.Rule].When.words(s.Unmet)
		case words == "" && (s.By == ByTeam || s.By == ByFallback):
			words = "that team has it"
		case words == "":
			words = "nobody"
		}
		lines = append(lines, p.part(s.By, s.Rule)+": "+words)
	}
	if words := invalidWords(people, d.Invalid); words != "" {
		lines = append(lines, "not chosen: "+words)
	}
	return lines
}

// words says the condition of a name.
func (w When) words(name string) string {
	list := w.List()
	return list[slices.IndexFunc(list, func(c Condition) bool { return c.Name == name })].words()
}

// Why says in one line by what somebody gets the conversation, and why nobody else does.
func (d Decision) Why(p Plan, people []Person) string {
	return strings.Join(append([]string{p.part(d.By, d.Rule)}, d.Reasons(p, people)...), "; ")
}

// part names a rule of the plan, or what decides before and after the rules.
func (p Plan) part(by By, rule int) string {
	if rule < 0 {
		return by.Words()
	}
	return fmt.Sprintf("rule %d, %s", rule+1, p.Rules[rule].who())
}

// maxNamed is how many people a line names.
const maxNamed = 12

func invalidWords(people []Person, list []Invalid) string {
	var words []string
	for _, inv := range list[:min(len(list), maxNamed)] {
		words = append(words, nameOf(people, inv.Person)+" "+inv.Why.Words())
	}
	if more := len(list) - maxNamed; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}

func nameOf(people []Person, id PersonID) string {
	if i := slices.IndexFunc(people, func(p Person) bool { return p.ID == id }); i >= 0 {
		return people[i].Name
	}
	return fmt.Sprintf("#%d", id)
}

// Sentence says what an automation does: "When it is tagged Urgent, if it is open: assign it to ann@acme.test, tell #leads".
func (a Automation) Sentence() string {
	var acts []string
	for _, p := range a.Then {
		acts = append(acts, p.words(0))
	}
	words := a.When.words(0)
	for i, c := range a.If.List() {
		words += map[bool]string{true: ", if ", false: " and "}[i == 0] + c.words()
	}
	return strings.ToUpper(words[:1]) + words[1:] + ": " + strings.Join(acts, ", ")
}

// Done says what an action has done: "assigned it to ann@acme.test".
func (p Part) Done() string { return p.words(1) }

// words says what a trigger or an action is or, for the tense 1, what an action has done.
func (p Part) words(tense int) string {
	words := map[string][2]string{
		Received:      {"when the customer writes"},
		Sent:          {"when an agent answers"},
		Tagged:        {"when it is tagged %s"},
		StatusSet:     {"when it becomes %s"},
		Waiting:       {"when the customer has waited for %s"},
		WindowClosing: {"%s before the reply window closes"},
		MoodFound:     {"when the customer's mood becomes %s"},
		IntentFound:   {"when the customer wants %s"},
		Cron:          {"at the times %s"},

		Assign:   {"assign it to %s", "assigned it to %s"},
		GiveTeam: {"hand it to %s", "handed it to %s"},
		AddTag:   {"tag it %s", "tagged it %s"},
		TakeTag:  {"take the tag %s away", "took the tag %s away"},
		Notify:   {"tell %s", "told %s"},
		Send:     {"send “%s”", "sent “%s”"},
		Note:     {"note “%s”", "noted “%s”"},
		Priority: {"give it the priority %s", "gave it the priority %s"},
		Snooze:   {"snooze it for %s", "snoozed it for %s"},
		Resolve:  {"resolve it", "resolved it"},
	}[p.Name][tense]
	if strings.Contains(words, "%s") {
		return fmt.Sprintf(words, strings.ReplaceAll(p.Value, "_", " "))
	}
	return words
}
