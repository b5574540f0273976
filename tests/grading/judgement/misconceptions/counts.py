"""Exercise 4.1: buckets counted, and what is left to test colour."""

from tests.grading.judgement.misconceptions.registry import misconception


@misconception(
    "frogs-counted-as-buckets",
    "buckets_per_color",
    "These are numbers of frogs. Rows are frogs; a colour was applied to buckets, so count each bucket once.",
)
def _(data):
    return data["color"].value_counts().to_dict()


@misconception(
    "frogs-as-replicates",
    "denominator_df",
    "This counts frogs minus colours. The colour was applied to buckets: frogs of one bucket repeat the same "
    "experiment and are no independent replicates of a colour.",
)
def _(data):
    return len(data) - data["color"].nunique()


@misconception(
    "buckets-minus-one",
    "denominator_df",
    "This is buckets minus one. One degree of freedom is spent for the mean of every colour, not one in all.",
)
def _(data):
    return data["bucket"].nunique() - 1


@misconception(
    "grouped-the-wrong-way",
    "buckets_per_color",
    "These are colours of every bucket. Asked for are buckets of every colour: a number for each colour.",
)
def _(data):
    return data.groupby("bucket")["color"].nunique().to_dict()


@misconception(
    "colors-minus-one",
    "denominator_df",
    "This is colours minus one, the numerator's degrees of freedom. The denominator's are what the buckets have left "
    "once every colour has its mean.",
)
def _(data):
    return data["color"].nunique() - 1


@misconception(
    "frogs-minus-buckets",
    "denominator_df",
    "This is frogs minus buckets: what is left within buckets. A colour is compared between buckets.",
)
def _(data):
    return len(data) - data["bucket"].nunique()


@misconception(
    "one-too-few",
    "buckets_per_color",
    "Every count is one too small. Degrees of freedom lose one to a mean; a count loses nothing.",
)
def _(data):
    return (data.groupby("color")["bucket"].nunique() - 1).to_dict()


@misconception(
    "frogs-of-a-bucket",
    "buckets_per_color",
    "These are the frogs that one bucket has. Asked for is the number of buckets of each colour.",
)
def _(data):
    return data.groupby("color")["id"].nunique().to_dict()


@misconception(
    "one-too-few",
    "denominator_df",
    "One degree of freedom too many was taken off. The common mean is made of the means of the colours, and costs "
    "nothing besides them.",
)
def _(data):
    return data["bucket"].nunique() - data["color"].nunique() - 1


@misconception(
    "buckets-counted",
    "denominator_df",
    "This is the number of buckets. The mean of every colour was estimated from them, and costs one each.",
)
def _(data):
    return data["bucket"].nunique()


@misconception(
    "product-of-both",
    "denominator_df",
    "This is the product that belongs to an interaction, where every colour is in every bucket. Here buckets lie "
    "within colours.",
)
def _(data):
    return (data["bucket"].nunique() - 1) * (data["color"].nunique() - 1)


@misconception(
    "one-color-only",
    "denominator_df",
    "These are the degrees of freedom within one colour. All colours tell of how much buckets vary: theirs add up.",
)
def _(data):
    return data.groupby("color")["bucket"].nunique().iloc[0] - 1


@misconception("one-color-only", "denominator_df", "")
def _(data):
    return data.groupby("color")["bucket"].nunique().iloc[-1] - 1


@misconception(
    "equal-shares",
    "buckets_per_color",
    "Every colour gets the same share of the buckets. They may be unequal, where one was lost: count those of each.",
)
def _(data):
    return dict.fromkeys(data["color"].unique(), data["bucket"].nunique() // data["color"].nunique())


@misconception("equal-shares", "buckets_per_color", "")
def _(data):
    return dict.fromkeys(data["color"].unique(), data["bucket"].nunique() / data["color"].nunique())


@misconception(
    "equal-shares",
    "denominator_df",
    "This takes every colour to have as many buckets as the first. They may be unequal, where one was lost: those of "
    "all colours together count.",
)
def _(data):
    buckets = data.groupby("color")["bucket"].nunique()
    return len(buckets) * (buckets.iloc[0] - 1)


@misconception("equal-shares", "denominator_df", "")
def _(data):
    buckets = data.groupby("color")["bucket"].nunique()
    return len(buckets) * (buckets.max() - 1)


@misconception(
    "frogs-of-a-bucket",
    "denominator_df",
    "The frogs of a bucket were counted for its buckets, by their numbers. A colour was applied to buckets: those "
    "count.",
)
def _(data):
    return data["id"].nunique() - data["color"].nunique()


@misconception(
    "largest-name",
    "buckets_per_color",
    "These are the largest names of a bucket, and no counts. A bucket may have any name: count the different ones.",
)
def _(data):
    return data.groupby("color")["bucket"].max().to_dict()


@misconception(
    "largest-name",
    "denominator_df",
    "The largest name of a bucket was taken for their number. A bucket may have any name: count the different ones.",
)
def _(data):
    return int(data["bucket"].max()) - data["color"].nunique()


@misconception(
    "equal-buckets",
    "buckets_per_color",
    "Frogs were counted, and divided by the frogs of one bucket. Buckets may be unequal: count each bucket once.",
)
def _(data):
    return (data["color"].value_counts() // (data["bucket"] == data["bucket"].iloc[0]).sum()).to_dict()


@misconception("equal-buckets", "buckets_per_color", "")
def _(data):
    return (data["color"].value_counts() / data["id"].nunique()).to_dict()


@misconception("equal-buckets", "buckets_per_color", "")
def _(data):
    return (data["color"].value_counts() // data["id"].nunique()).to_dict()


@misconception(
    "runs-counted",
    "buckets_per_color",
    "Changes from row to row were counted. Rows stand in any order: a bucket counts once, however its frogs are "
    "strewn.",
)
def _(data):
    starts = data[data["bucket"] != data["bucket"].shift()]
    return starts["color"].value_counts().to_dict()


@misconception(
    "levels-counted",
    "buckets_per_color",
    "Every colour has all buckets here: levels were counted that no frog of that colour has. A factor keeps the levels "
    "of the whole table; those that are left over have to be dropped.",
)
def _(data):
    return dict.fromkeys(data["color"].unique(), data["bucket"].nunique())


@misconception("product-of-both", "denominator_df", "")
def _(data):
    C = data["color"].nunique()
    return (C - 1) * (data["bucket"].nunique() / C - 1)


@misconception("product-of-both", "denominator_df", "")
def _(data):
    return (data["color"].nunique() - 1) * (data["id"].nunique() - 1)


@misconception(
    "frogs-minus-one",
    "denominator_df",
    "This is frogs minus one. The colour was applied to buckets: they are what is counted.",
)
def _(data):
    return len(data) - 1


@misconception("frogs-minus-buckets", "denominator_df", "")
def _(data):
    return len(data) - data["bucket"].nunique() - data["color"].nunique()


@misconception("frogs-minus-buckets", "denominator_df", "")
def _(data):
    return len(data) - data["bucket"].nunique() - data["color"].nunique() + 1


@misconception(
    "one-too-many",
    "denominator_df",
    "This is buckets minus colours, and one more. Colours minus one are the numerator's df; here the mean of every "
    "colour costs one.",
)
def _(data):
    return data["bucket"].nunique() - (data["color"].nunique() - 1)


@misconception("equal-buckets", "buckets_per_color", "")
def _(data):
    return (data["color"].value_counts() / 5).to_dict()
