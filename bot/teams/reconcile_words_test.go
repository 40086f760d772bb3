package teams

import (
	"parley/bridge"
)

// newHelp makes a line that names commands: "!snooze" or, in a channel that Parley may not read, "@Parley snooze".
func (w *world) newHelp() bridge.Post {
	p := w.newPost(bridge.PostLine, "help")
	p.Line = &bridge.Line{Content: &bridge.HelpLine{About: "snooze"}}
	return p
}
