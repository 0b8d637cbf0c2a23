"""Publish: results to tables of a warehouse, objects of a bucket, files of a folder, each time all of them or nothing.

:mod:`target` says where, :mod:`publication` what, :mod:`tables` with which columns; :mod:`folder`, :mod:`storage` and
:mod:`warehouse` do it.
"""
