package teamsfake_test

import "strings"

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
