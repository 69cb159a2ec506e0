/* What a computer can do at best: one pass over arrays in memory, everything in it.

   Written for benchmarks/limit.py alone: it checks nothing, and takes finite numbers for granted.
   Each function adds up what belongs to one stretch of the array; sums of a short block are kept
   in float, for as many lanes as the processor has, and added up in double. */

#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK = 1024 };

typedef struct {
    double sum, squares;
    double low, high;
    int64_t hits;
} Found;

static void start(Found *found)
{
    *found = (Found){0, 0, 1e30, -1e30, 0};
}

/* The plainest use of memory: all of it is read, and next to nothing done with it. */
uint64_t plain_sum(const uint64_t *words, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += words[i];
    return sum;
}

#define BCE(NAME, LABEL, NUMBER)                                                                   \
    void NAME(const float *restrict logits, const LABEL *restrict labels, size_t count,            \
              Found *restrict found)                                                               \
    {                                                                                              \
        start(found);                                                                              \
        for (size_t first = 0; first < count; first += BLOCK) {                                    \
            size_t last = first + BLOCK < count ? first + BLOCK : count;                           \
            float sum = 0, squares = 0, low = 1e30f, high = -1e30f;                                \
            int32_t hits = 0;                                                                      \
            for (size_t i = first; i < last; i++) {                                                \
                float x = logits[i], y = (float)(NUMBER)labels[i];                                 \
                float loss = fmaxf(x, 0) - x * y + logf(1 + expf(-fabsf(x)));                      \
                sum += loss;                                                                       \
                squares += loss * loss;                                                            \
                low = loss < low ? loss : low;                                                     \
                high = loss > high ? loss : high;                                                  \
                hits += (x > 0) == (y > 0.5f);                                                     \
            }                                                                                      \
            found->sum += sum;                                                                     \
            found->squares += squares;                                                             \
            found->low = low < found->low ? low : found->low;                                      \
            found->high = high > found->high ? high : found->high;                                 \
            found->hits += hits;                                                                   \
        }                                                                                          \
    }

BCE(bce_float32, float, float)
BCE(bce_uint8, uint8_t, int32_t)
BCE(bce_int64, int64_t, int32_t) /* few processors turn int64 into float several at a time */

void mse_float32(const float *restrict predicted, const float *restrict true_values, size_t count,
                 Found *restrict found)
{
    start(found);
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t last = first + BLOCK < count ? first + BLOCK : count;
        float sum = 0, squares = 0, low = 1e30f, high = -1e30f;
        for (size_t i = first; i < last; i++) {
            float gap = predicted[i] - true_values[i];
            float loss = gap * gap;
            sum += loss;
            squares += loss * loss;
            low = loss < low ? loss : low;
            high = loss > high ? loss : high;
        }
        found->sum += sum;
        found->squares += squares;
        found->low = low < found->low ? low : found->low;
        found->high = high > found->high ? high : found->high;
    }
}

/* count is the number of rows here, of CLASSES scores each; a row stays in the nearest cache. */
void ce_int64(const float *restrict scores, const int64_t *restrict labels, size_t count,
              Found *restrict found)
{
    enum { CLASSES = 100 };
    start(found);
    for (size_t row = 0; row < count; row++) {
        const float *own = scores + row * CLASSES;
        float top = -1e30f, sum = 0;
        for (int c = 0; c < CLASSES; c++)
            top = own[c] > top ? own[c] : top;
        for (int c = 0; c < CLASSES; c++)
            sum += expf(own[c] - top);
        float score = own[labels[row]];
        double loss = logf(sum) + top - score;
        found->sum += loss;
        found->squares += loss * loss;
        found->low = loss < found->low ? loss : found->low;
        found->high = loss > found->high ? loss : found->high;
        found->hits += score == top;
    }
}
