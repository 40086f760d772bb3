package stats_test

import (
	"testing"

	"parley/store/storetest"
)

var exec = storetest.Exec

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }
