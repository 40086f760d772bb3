package knowledge

import (
	"net/http"
	"slices"
	"strings"
)

// A page can ask robots not to keep it, as <meta name="robots" content="noindex"> or in a header of its answer:
//
//	X-Robots-Tag: noindex
//	X-Robots-Tag: otherbot: noarchive, none
//
// Such a request is for all robots, or for the one that it names.
// Source: Google Search Central, "Robots meta tag, data-nosnippet, and X-Robots-Tag specifications", read November 2026.

// isMetaForUs reports whether a meta element with this name has requests to this reader.
func isMetaForUs(name string) bool {
	return strings.EqualFold(name, "robots") || strings.EqualFold(name, agentName)
}

// asksNoIndex reports whether a list of requests has one not to keep the page: "noindex", or "none", which means the same.
func asksNoIndex(list string) bool {
	isSeparator := func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) }
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(list), isSeparator), func(request string) bool {
		return request == "noindex" || request == "none"
	})
}

// headerAsksNoIndex reports whether the header of an answer asks this reader not to keep the page.
func headerAsksNoIndex(h http.Header) bool {
	for _, line := range h.Values("X-Robots-Tag") {
		robot := "" // whom the following requests are for; "" for all
		for part := range strings.SplitSeq(line, ",") {
			name, request, hasName := strings.Cut(strings.TrimSpace(part), ":")
			if !hasName {
				request = name
			} else if isRobot(name) {
				robot = name
			}
			isForUs := robot == "" || strings.EqualFold(robot, agentName)
			if isForUs && asksNoIndex(request) {
				return true
			}
		}
	}
	return false
}

// isRobot reports whether the word before a colon is a robot, and not a request with a value, such as "max-snippet: 20".
func isRobot(name string) bool {
	valued := []string{"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
	return !strings.ContainsAny(name, " \t") && !slices.Contains(valued, strings.ToLower(name))
}
