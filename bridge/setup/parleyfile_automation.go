package setup

import (
	"strings"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/routing"
)

// ParleyfileAutomation is the entry of an automation in parley.yaml:
//
//	automations:
//	  - name: Urgent to the lead
//	    when: {tagged: Urgent}
//	    if: {hours: open}
//	    then: [{assign: ann@acme.test}, {notify: "#leads"}]
type ParleyfileAutomation struct {
	At Position
	routing.Automation
}

const maxActions = 10

// readAutomation reads the entry of an automation. It returns false if the entry has no name.
func readAutomation(o *object) (ParleyfileAutomation, bool) {
	e := ParleyfileAutomation{At: o.At}
	e.Name = strings.Join(strings.Fields(o.readName("name", "An automation is known by its name.")), " ")
	o.Where = "automation " + e.Name
	o.checkHasPage(e.Name)
	if when := o.group("when"); when != nil {
		e.When = when.readPart(routing.Triggers())
	} else if o.Values["when"] == nil {
		o.Fault(o.At, "when", "is missing", "Write what starts it: {tagged: Urgent}.")
	}
	if conditions := o.group("if"); conditions != nil {
		for key, to := range map[string]*string{"account": &e.If.Account, "team": &e.If.Team} {
			if t := conditions.Text(key); t != nil {
				*to = strings.TrimSpace(t.Value)
			}
		}
		conditions.readConditions(&e.If.When)
	}
	acts, _ := o.readObjects("then", o.Label("then"))
	for _, act := range acts {
		e.Then = append(e.Then, act.readPart(routing.Actions()))
	}
	if len(acts) == 0 || len(acts) > maxActions {
		o.Fault(o.At, "then", "must have one to ten actions", "Write what is done: [{assign: ann@acme.test}].")
	}
	o.Done()
	return e, e.Name != ""
}

// readPart reads a trigger or an action: a group with one key.
func (o *object) readPart(names []string) (p routing.Part) {
	for _, name := range names {
		t := o.Text(name)
		if t == nil || t.Value == "" {
			continue
		}
		if p.Name != "" {
			o.Fault(t.At, name, "is one too many", "Write one of both.")
		}
		p = routing.Part{Name: name, Value: strings.TrimSpace(t.Value)}
		if err := p.Check(); err != nil {
			o.Fault(t.At, name, err.Error(), "")
		}
		switch name {
		case routing.Priority:
			o.checkOneOf(*t, name, bridge.Priorities()...)
		case routing.StatusSet:
			o.checkOneOf(*t, name, "open", "pending", "snoozed", "resolved", "closed")
		case routing.Tagged, routing.AddTag, routing.TakeTag:
			o.checkTagName(*t, name)
		case routing.MoodFound:
			o.checkOneOf(*t, name, append(analysis.SentimentNames(), routing.Always)...)
		case routing.Send:
			p.Value = o.checkReplyText(name, *t, []string{routing.VariableName})
		}
	}
	if p.Name == "" && len(o.Values) == 0 {
		o.Faults.Add(Fault{At: o.At, Where: o.Where, What: "says nothing", Hint: "Write " + JoinAlternatives(names) + "."})
	}
	o.Done()
	return p
}
