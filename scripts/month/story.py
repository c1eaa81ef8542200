"""What happens in the demo's month, as plain data: who plans, gives, shows and says what. All of it is made up."""

from __future__ import annotations

from scripts.members import ATTESTORS, CARDS, CLINIC, DONORS, MOBILE_MONEY, NGOS, PAYEES, SPONSOR
from scripts.month.kinds import (
    Bill,
    Gift,
    GivenUp,
    Objection,
    Pledge,
    PledgeChange,
    Programme,
    Refund,
    Round,
    Shown,
    Sponsorship,
    Tranche,
)

USD = 10**6


def phone(gateway: int, programme: int, number: int) -> str:
    """Return the text by which a gateway knows a donor; number 1 gives most often."""
    return f"{gateway}-{programme}-{number}"


MEMBERS_NGO = (
    (
        NGOS[0],
        "Lakeside Children's Table",
        "Cooks school meals and supplies a clinic around Kisumu, Kenya. Founded by parents.",
    ),
    (NGOS[1], "Busan Neighbours", "Volunteers of four parishes in Busan who visit people who live alone."),
    (NGOS[2], "Riverbank Relief", "Helps families on the Surma river before and after floods."),
)
MEMBERS_ATTESTOR = (
    (ATTESTORS[0], "Nyanza Audit Cooperative", "Three accountants in Kisumu who visit what they sign for."),
    (ATTESTORS[1], "Dr. Achieng Odhiambo", "Public health officer, retired. Checks deliveries of medicine and food."),
    (ATTESTORS[2], "Busan Welfare Faculty", "A university department that follows social programmes in the city."),
    (ATTESTORS[3], "Open Receipts Network", "Volunteers who compare receipts with what was bought."),
    (ATTESTORS[4], "Sylhet Union Council", "The local council of the flooded villages."),
)
MEMBERS_GATEWAY = (
    (
        MOBILE_MONEY,
        "Pamoja Mobile Money",
        "Takes gifts by phone in East Africa and Bangladesh, and records them once a day.",
    ),
    (CARDS, "Hana Card Services", "Takes gifts by card, and records them once a day."),
)

MEMBERS_PROVIDER = ((CLINIC, "Ahero Health Centre", "A clinic with two nurses. It is paid by patients and vouchers."),)

PROGRAMMES = (
    Programme(
        "School meals in Kisumu", NGOS[0],
        "A hot lunch of maize, beans and greens for 410 children in three primary schools, five days a week, for one "
        "term. One meal costs 38 cents. The cooks are parents, and are paid.\n\nEach milestone pays for about "
        "five weeks of meals, after the schools' kitchens have shown what they cooked and what it cost.",
        ATTESTORS[:2] + ATTESTORS[3:4], 2, 2,
        (Tranche(PAYEES[0], 2_000, 10), Tranche(PAYEES[0], 3_000, 24), Tranche(PAYEES[0], 4_500, 34),
         Tranche(PAYEES[0], 5_000, 70)),
        {MOBILE_MONEY: 70, CARDS: 12}, threshold=1_500,
    ),
    Programme(
        "Medicine for the clinic in Ahero", NGOS[0],
        "Malaria tests, rehydration salts and antibiotics for a clinic that sees 900 patients a month. The "
        "clinic gets boxes, not money: the wholesaler is paid against the delivery note. Patients pay what they "
        "can of a bill; a voucher pays the rest.",
        ATTESTORS[:2], 2, 2,
        (Tranche(PAYEES[1], 2_500, 15), Tranche("VoucherBook", 600, 17), Tranche(PAYEES[1], 3_000, 40),
         Tranche(PAYEES[1], 4_000, 80)),
        {MOBILE_MONEY: 40, CARDS: 8}, threshold=1_000, vouchers=200,
    ),
    Programme(
        "Warm meals and visits for the elderly in Busan", NGOS[1],
        "Volunteers bring a warm meal to 160 people over 75 who live alone, and stay for half an hour. The "
        "money buys the food and the heating of two kitchens.",
        ATTESTORS[2:4], 1, 3,
        (Tranche(PAYEES[2], 4_000, 22), Tranche(PAYEES[2], 5_000, 75)),
        {MOBILE_MONEY: 10, CARDS: 25}, open_ended=True, objections=500,
    ),
    Programme(
        "A night shelter for the winter", NGOS[1],
        "Forty beds near Busan station from December to March. The lease is signed only if the first winter can "
        "be paid for: below the threshold on the funding deadline the pool freezes, and nothing is spent.",
        ATTESTORS[2:4], 2, 3,
        (Tranche(PAYEES[3], 6_000, 40),),
        {CARDS: 6}, threshold=6_000, closes=21,
    ),
    Programme(
        "Cash for families after the flood in Sylhet", NGOS[2],
        "Money for families whose houses stood under water in October: 45 dollars each for the first 108, 72 each "
        "for 90 more, who claim it with a code. The union council keeps the lists; no names are published, here "
        "or anywhere.",
        ATTESTORS[3:5], 2, 2,
        (Tranche(PAYEES[4], 5_000, 16), Tranche("PayoutBook", 6_480, 27)),
        {MOBILE_MONEY: 90, CARDS: 15}, threshold=3_000, closes=25,
    ),
    Programme(
        "A generator for the night shelter", NGOS[1],
        "A second-hand generator, so that the forty beds stay warm when the power fails. The seller holds it "
        "for three days only.",
        ATTESTORS[2:4], 2, 3,
        (Tranche(PAYEES[3], 3_000, 40),),
        {CARDS: 12}, threshold=3_000, closes=3,
    ),
)  # fmt: skip

SIGHTS = (
    "a proof refused, then a better one accepted; standing orders",
    "a sponsor adds to small gifts; vouchers pay what patients cannot",
    "givers objected, so the proof came again, with bills",
    "the goal was missed, and the money goes back",
    "cash for 90 families; what 9 did not fetch came back",
    "given up: refunds by wallet, by receipt code, by gateway",
)
"""What each programme shows of Moa."""

SHORT_LIVED = {5}
"""Programmes that only the gifts below are given to by wallet."""

GIFTS = (
    Gift(5, DONORS[2], 1.2, 40),
    Gift(5, DONORS[7], 1.4, 25),
    Gift(2, DONORS[1], 6.2, 150),
    Gift(3, DONORS[4], 9.1, 60),
)

# The generator is sold to somebody else: the NGO gives up, and the money goes back. What a card's donor has not
# fetched within 30 days goes back through the card.
GIVEN_UP = (GivenUp(5, 2.6),)
REFUNDS = (
    Refund(5, 4.3, who=DONORS[2]),
    Refund(5, 5.5, who=phone(CARDS, 5, 1), to=DONORS[11]),
    Refund(3, 23.4, who=DONORS[4]),
    Refund(5, 33.2, gateway=CARDS),
)

# A chart is not a bill, say two who gave; the attestors hear of it, and the NGO shows its bills.
OBJECTIONS = (
    Objection(2, 0, 21.6, DONORS[1]),
    Objection(2, 0, 22.1, phone(CARDS, 2, 1), receipts=30),
)

# Small sums that come round: two by signature, so that the donors need no account on the ledger's nodes.
PLEDGES = (
    Pledge(DONORS[3], 0, 1.1, 5, 1, 12),
    Pledge(DONORS[5], 0, 1.2, 10, 1, 4, by_signature=True),
    Pledge(DONORS[6], 2, 2.3, 1, 0, 20, by_signature=True),
    Pledge(DONORS[8], 0, 3.4, 20, 1, 12),
)
PLEDGE_CHANGES = (
    PledgeChange(0, 9.5, "pause"),
    PledgeChange(0, 23.5, "resume"),
    PledgeChange(3, 12.5, "lower", 8),
    PledgeChange(3, 26.5, "stop"),
)
SPONSORSHIPS = (Sponsorship(1, SPONSOR, 2.0, 900, 50, 5, 14, 16.5),)
ROUNDS = (Round(4, 1, 20.5, 90, 72, 81, (25.9, 26.4, 27.2, 29.8), 7, 32.9),)
BILLS = (
    Bill(1, 1, 17.6, 3, 9, "Malaria test and tablets, one adult."),
    Bill(1, 1, 19.2, 0, 14, "Rehydration of a child, one night."),
    Bill(1, 1, 23.5, 6, 6, "Antibiotics, two weeks."),
)

CHART = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 140" font-family="sans-serif" font-size="11">'
    "<title>Meals brought each week</title>"
    '<rect x="20" y="58" width="50" height="62" fill="#3b7a57"/><text x="30" y="134">618</text>'
    '<rect x="90" y="44" width="50" height="76" fill="#3b7a57"/><text x="100" y="134">761</text>'
    '<rect x="160" y="40" width="50" height="80" fill="#3b7a57"/><text x="170" y="134">803</text>'
    '<text x="20" y="20">Meals brought, weeks 1 to 3</text></svg>\n'
)

EVIDENCE = (
    Shown(0, 0, 6.4, "md", "Kitchen report, weeks 1 to 5",
          "Meals cooked: 5,190 in 3 schools.\n\n| bought | kg | USD |\n|---|---|---|\n| maize | 1,450 | 812 |\n"
          "| beans | 610 | 701 |\n"
          "| greens, oil, salt | | 251 |\n| cooks' pay | | 236 |\n\nThe kitchen in Manyatta was closed for two "
          "days (no water).",
          [(ATTESTORS[0], 6.9, True, False), (ATTESTORS[1], 7.3, True, False)], 9.6),
    Shown(0, 1, 16.2, "csv", "", "school,week,meals,usd\nManyatta,6,640,243.20\nManyatta,7,655,248.90\n"
    "Obunga,6,590,224.20\nObunga,7,,\n",
          [(ATTESTORS[1], 17.1, False, False), (ATTESTORS[3], 17.6, False, True)]),
    Shown(0, 1, 19.3, "md", "Kitchen report, weeks 6 to 10, second version",
          "The first version lacked Obunga's week 7; its delivery book had been left at the depot. It is found "
          "and counted here.\n\n"
          "Meals cooked: 7,730 in 3 schools. Spent: USD 2,981. The 19 dollars that are left go into week 11.",
          [(ATTESTORS[0], 19.9, True, False), (ATTESTORS[3], 20.4, True, True)], 22.8),
    Shown(0, 2, 28.5, "md", "Kitchen report, weeks 11 to 15",
          "Meals cooked: 11,240 in 3 schools, with the kitchen in Nyalenda for the first time.\n\nSpent: USD 4,466.",
          [(ATTESTORS[0], 29.3, True, False), (ATTESTORS[1], 29.9, True, False)]),
    Shown(1, 0, 11.8, "csv", "", "item,boxes,usd\nmalaria rapid tests,60,1140.00\n"
    "oral rehydration salts,85,552.50\namoxicillin 250 mg,41,779.00\n",
          [(ATTESTORS[0], 12.2, True, True), (ATTESTORS[1], 13.0, True, False)], 15.4),
    Shown(1, 1, 12.6, "md", "Agreement on vouchers",
          "The clinic in Ahero takes vouchers. It keeps each bill, and shows them to the attestors when they ask.",
          [(ATTESTORS[0], 13.2, True, False), (ATTESTORS[1], 13.4, True, True)], 15.6),
    Shown(1, 2, 32.6, "md", "Delivery note of the second order",
          "104 boxes arrived in Ahero and were counted by the nurse in charge. Two boxes of gloves were "
          "damaged; the wholesaler replaces them.",
          [(ATTESTORS[1], 33.4, True, False)]),
    Shown(2, 0, 20.1, "svg", "", CHART, [(ATTESTORS[2], 20.9, True, False)]),
    Shown(2, 0, 23.9, "md", "Meals brought in weeks 1 to 3, with the bills",
          "Two donors objected that the chart shows no bills. Here they are.\n\n| bought | USD |\n|---|---|\n"
          "| rice, fish, vegetables | 2,874 |\n| gas for two kitchens | 611 |\n| boxes | 498 |\n\n"
          "2,182 meals were brought; the visit list has the initials of each volunteer.",
          [(ATTESTORS[3], 24.4, True, False)], 27.6),
    Shown(4, 0, 13.7, "csv", "", "village,families,paid,usd\nKanaighat,61,61,2745\nGoainghat,49,47,2115\n",
          [(ATTESTORS[3], 14.1, True, False), (ATTESTORS[4], 14.6, True, False)], 17.2),
    Shown(4, 1, 22.1, "md", "The list of the second round",
          "90 families in four villages, 72 dollars each. The union council compared the list with the houses that "
          "were under water, and told each family its code.",
          [(ATTESTORS[3], 22.6, True, False), (ATTESTORS[4], 23.2, True, True)], 25.5),
)  # fmt: skip


def file_of(shown: Shown) -> bytes:
    """Return the bytes of a piece of evidence."""
    text = f"# {shown.title}\n\n{shown.body}\n" if shown.kind == "md" else shown.body
    return text.encode()
