package teamsfake_test

import (
	"net/http"
	"strings"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
)

func withActions(a obj, actions ...obj) obj {
	a["content"].(obj)["actions"] = actions
	return a
}

func execute(title, verb string, data obj) obj {
	return obj{
		"type": "Action.Execute", "id": verb, "title": title, "verb": verb, "data": data,
		"fallback": obj{"type": "Action.Submit", "title": title, "data": obj{"old": true}},
	}
}

// answerInvokes makes the bot answer invokes of this name.
func (w *world) answerInvokes(name string, body any) {
	w.bot.setAnswer(func(a obj) (int, any) {
		if a["name"] == name {
			return http.StatusOK, body
		}
		return http.StatusOK, nil
	})
}

// click lets a person press a button of a message in tickets, which must be there.
func (w *world) click(p *teamsfake.Person, message, button string, in client.Inputs) *teamsfake.Outcome {
	w.t.Helper()
	return must(p.Click(w.ctx, tickets, message, button, in))(w.t)
}

// wantProblem checks the first problem after the ones before; "" means that there is none.
func (w *world) wantProblem(before int, want string) {
	w.t.Helper()
	problems := w.srv.Problems()[before:]
	isAsWanted := len(problems) == 0
	if want != "" {
		isAsWanted = len(problems) > 0 && strings.Contains(problems[0].Text, want)
	}
	if !isAsWanted {
		w.t.Errorf("problems: got %+v, want %q", problems, want)
	}
}
