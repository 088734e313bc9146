#include "web/sgr.h"

#define SUB_MAX 8 /* numbers of one parameter; the longest has six */
#define NONE (-1) /* a number that is not given */

/* The parameters that are left. */
struct params {
	const char *at, *end;
	int more; /* one more comes, if only an empty one */
};

/* One number, NONE if there are no digits; what is too large stays so. */
static int next_number(struct params *p)
{
	int n = NONE;

	for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
		n = n < 0 ? 0 : n;
		if (n < 10000)
			n = n * 10 + (*p->at - '0');
	}
	return n;
}

/* One parameter, numbers split by colons; returns how many they are. */
static int next_param(struct params *p, int v[SUB_MAX])
{
	int n = 0;

	for (;;) {
		int number = next_number(p);

		if (n < SUB_MAX)
			v[n++] = number;
		if (p->at == p->end || *p->at != ':')
			break;
		p->at++;
	}
	p->more = p->at < p->end;
	p->at += p->more; /* the semicolon */
	return n;
}

/* A parameter that must be a single number; NONE if it is not. */
static int next_single(struct params *p)
{
	int v[SUB_MAX];

	if (!p->more)
		return NONE;
	return next_param(p, v) == 1 ? v[0] : NONE;
}

unsigned sgr_nearest(unsigned r, unsigned g, unsigned b)
{
	static const int level[] = { 0, 95, 135, 175, 215, 255 };
	int c[3] = { (int)r, (int)g, (int)b };
	int sum = c[0] + c[1] + c[2], cube = 0, off_cube = 0, off_grey = 0;

	for (int i = 0; i < 3; i++) {
		int step = c[i] < 48 ? 0 : c[i] < 115 ? 1 : (c[i] - 35) / 40;
		int off = c[i] - level[step];

		cube = cube * 6 + step;
		off_cube += off * off;
	}
	/* of the greys 8, 18, ... 238 the one next to the mean */
	int grey = sum < 24 ? 0 : (sum - 24 + 15) / 30;
	if (grey > 23)
		grey = 23;
	for (int i = 0; i < 3; i++) {
		int off = c[i] - (8 + 10 * grey);

		off_grey += off * off;
	}
	return (unsigned)(off_grey < off_cube ? 232 + grey : 16 + cube);
}

static unsigned indexed(int n, unsigned old)
{
	return n >= 0 && n <= 255 ? (unsigned)n + 1 : old;
}

static unsigned direct(const int rgb[3], unsigned old)
{
	for (int i = 0; i < 3; i++) {
		if (rgb[i] < 0 || rgb[i] > 255)
			return old;
	}
	return sgr_nearest(
		       (unsigned)rgb[0], (unsigned)rgb[1], (unsigned)rgb[2]) +
	       1;
}

/*
 * 38, 48 and 58: a colour in the parameter itself, 38:5:n or 38:2:[space]:r:g:b
 * (ISO 8613-6; some leave the colour space out), or in the ones behind it.
 */
static unsigned extended(struct params *p, const int *v, int n, unsigned old)
{
	int rgb[3];

	if (n > 1) {
		if (v[1] == 5 && n > 2)
			return indexed(v[2], old);
		if (v[1] != 2 || n < 5)
			return old;
		return direct(n > 5 ? v + 3 : v + 2, old);
	}
	switch (next_single(p)) {
	case 5:
		return indexed(next_single(p), old);
	case 2:
		for (int i = 0; i < 3; i++)
			rgb[i] = next_single(p);
		return direct(rgb, old);
	default:
		return old;
	}
}

static void set_style(struct sgr *s, int code)
{
	switch (code) {
	case 1:
		s->style |= SGR_BOLD;
		break;
	case 2:
		s->style |= SGR_DIM;
		break;
	case 3:
		s->style |= SGR_ITALIC;
		break;
	case 4:
	case 21: /* doubly */
		s->style |= SGR_UNDERLINE;
		break;
	case 7:
		s->style |= SGR_INVERSE;
		break;
	case 9:
		s->style |= SGR_STRIKE;
		break;
	case 22:
		s->style &= ~(unsigned)(SGR_BOLD | SGR_DIM);
		break;
	case 23:
		s->style &= ~(unsigned)SGR_ITALIC;
		break;
	case 24:
		s->style &= ~(unsigned)SGR_UNDERLINE;
		break;
	case 27:
		s->style &= ~(unsigned)SGR_INVERSE;
		break;
	case 29:
		s->style &= ~(unsigned)SGR_STRIKE;
		break;
	default:
		break;
	}
}

static void set_colour(struct sgr *s, int code)
{
	if (code >= 30 && code <= 37)
		s->fg = (unsigned)(code - 30 + 1);
	else if (code == 39)
		s->fg = 0;
	else if (code >= 40 && code <= 47)
		s->bg = (unsigned)(code - 40 + 1);
	else if (code == 49)
		s->bg = 0;
	else if (code >= 90 && code <= 97)
		s->fg = (unsigned)(code - 90 + 8 + 1);
	else if (code >= 100 && code <= 107)
		s->bg = (unsigned)(code - 100 + 8 + 1);
}

static void apply_one(struct sgr *s, struct params *p, const int *v, int n)
{
	if (v[0] == 0 || v[0] == NONE)
		*s = (struct sgr){ 0 };
	else if (v[0] == 38)
		s->fg = extended(p, v, n, s->fg);
	else if (v[0] == 48)
		s->bg = extended(p, v, n, s->bg);
	else if (v[0] == 58) /* of the underline: not shown, but read over */
		extended(p, v, n, 0);
	else if (v[0] == 4 && n > 1 && v[1] == 0)
		set_style(s, 24); /* 4:3 is a curly one, 4:0 none */
	else if (v[0] < 30)
		set_style(s, v[0]);
	else
		set_colour(s, v[0]);
}

void sgr_apply(struct sgr *s, const char *params, size_t len)
{
	struct params p = { params, params + len, 1 };
	int v[SUB_MAX];

	while (p.more) {
		int n = next_param(&p, v);

		apply_one(s, &p, v, n);
	}
}
