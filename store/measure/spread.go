package measure

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"time"
)

// Spread is a histogram of how long things took, for each of the three Times (first answer, next answer, end). Each bucket
// counts times of about the same length, so spreads of many days can be added and their median estimated. For example,
// answers after 1,000 and 1,010 seconds are counted in the same bucket. The zero value is empty.
type Spread struct {
	counts map[int]int64 // the key is the Time's first bucket number (firstOf) plus the bucket of the length
}

// Each length below spreadExact seconds has its own bucket. Above that, each doubling of the length is divided into
// spreadSteps buckets, so the middle of a bucket differs from each length in it by at most a sixteenth. Times of more than
// a year count as spreadLongest.
const (
	spreadExact   = 16
	spreadSteps   = 8
	spreadLongest = 1<<25 - 1
	spreadBuckets = spreadExact + 21*spreadSteps
)

// bucketOf returns the bucket of a length.
func bucketOf(seconds int64) int {
	seconds = min(max(seconds, 0), spreadLongest)
	if seconds < spreadExact {
		return int(seconds)
	}
	shift := bits.Len64(uint64(seconds)) - bits.Len(spreadSteps) // seconds>>shift has as many bits as spreadSteps
	return spreadExact + (shift-1)*spreadSteps + int(seconds>>shift) - spreadSteps
}

// middleOf returns the length in the middle of a bucket.
func middleOf(bucket int) int64 {
	if bucket < spreadExact {
		return int64(bucket)
	}
	shift := (bucket-spreadExact)/spreadSteps + 1
	first := int64(spreadSteps+(bucket-spreadExact)%spreadSteps) << shift
	return first + (int64(1)<<shift-1)/2
}

// allTimes returns the Times in the order in which a Spread numbers their buckets.
func allTimes() []Time { return []Time{FirstAnswer, NextAnswer, Ended} }

// firstOf returns the number of the first bucket of a time.
func firstOf(t Time) int { return slices.Index(allTimes(), t) * spreadBuckets }

// add increases the count of a bucket, given by its number in counts.
func (s *Spread) add(number int, times int64) {
	if s.counts == nil {
		s.counts = map[int]int64{}
	}
	s.counts[number] += times
}

// count increases the count of a bucket of one Time.
func (s *Spread) count(t Time, bucket int, times int64) { s.add(firstOf(t)+bucket, times) }

// Add adds another spread.
func (s *Spread) Add(other Spread) {
	for number, n := range other.counts {
		s.add(number, n)
	}
}

// Median returns the median length, at most a sixteenth off. For an even number of times it is the average of the two in the
// middle. It is negative if there are no times.
func (s *Spread) Median(t Time) time.Duration {
	buckets, total := s.bucketsOf(t)
	if total <= 0 {
		return -1
	}
	lower := findNth(buckets, (total-1)/2)
	upper := findNth(buckets, total/2)
	return time.Duration((lower+upper)/2) * time.Second
}

// Count returns how many times were counted.
func (s *Spread) Count(t Time) int64 {
	_, total := s.bucketsOf(t)
	return total
}

// bucketsOf returns the counts of one Time by bucket, and their total.
func (s *Spread) bucketsOf(t Time) (list [spreadBuckets]int64, total int64) {
	first := firstOf(t)
	for number, n := range s.counts {
		bucket := number - first
		if bucket < 0 || bucket >= spreadBuckets { // it belongs to another Time
			continue
		}
		list[bucket] = n
		total += n
	}
	return list, total
}

// findNth returns the approximate length of the nth shortest time, counted from 0.
func findNth(list [spreadBuckets]int64, n int64) int64 {
	for bucket, times := range list {
		if n < times {
			return middleOf(bucket)
		}
		n -= times
	}
	return spreadLongest
}

// encode returns a spread as a sequence of varint pairs: the number of a bucket and its count. Encoded spreads are added
// by concatenating them, which PostgreSQL does for source.spreads.
func (s *Spread) encode() []byte {
	list := []byte{}
	for _, number := range slices.Sorted(maps.Keys(s.counts)) {
		if n := s.counts[number]; n > 0 {
			list = binary.AppendUvarint(list, uint64(number))
			list = binary.AppendUvarint(list, uint64(n))
		}
	}
	return list
}

// addBytes adds spreads in the format of encode.
func (s *Spread) addBytes(encoded []byte) error {
	for len(encoded) > 0 {
		number, size := binary.Uvarint(encoded)
		if size <= 0 || number >= uint64(len(allTimes())*spreadBuckets) {
			return fmt.Errorf("store: a spread can't be read: bucket %d", number)
		}

		encoded = encoded[size:]
		n, size := binary.Uvarint(encoded)
		if size <= 0 {
			return fmt.Errorf("store: a spread can't be read: %d of bucket %d", n, number)
		}

		encoded = encoded[size:]
		s.add(int(number), int64(n))
	}

	return nil
}
