"""Prepare: answers in BigQuery, with care for what asking costs. The client is loaded when it is asked first.

``source`` is the :class:`~irt.sources.ResponseSource`; ``freshness`` tells whether its table changed, ``table_view``
how its columns are read and ``table_state`` what is told of a table; ``jobs`` runs queries through the real client,
``told`` and ``refusals`` put what it says into our nouns; ``wire`` packs tables into few rows, ``kept_answers`` keeps
what was paid for, ``ledger`` what it cost; ``patience`` is how long all of it is waited for.
"""
