package web

import (
	"time"

	"parley/bot/shape"
)

// ReadDay reads the day that a value of an address or a form names, as it begins in a zone. problem says for people what is wrong
// with it; "" means nothing.
func ReadDay(text string, zone *time.Location) (day time.Time, problem string) {
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, "“" + shape.Clip(text) + "” isn't a day like 2026-11-23."
	}
	return day, ""
}
